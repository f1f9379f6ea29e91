"""The log inventory: what is recorded, where, how long, and who sees it."""

from __future__ import annotations

from flask import Blueprint, render_template

from .. import db, log_inventory
from ..permissions import scope
from ..web import addresses
from ..web.settings import settings

blueprint = Blueprint("inventory", __name__)


@blueprint.get("/reports/audit-log/inventory")
def show() -> str:
    zone = addresses.filters_or_400().zone
    minutes = {"idle": settings().session_idle, "longest": settings().session_longest}
    with db.connection() as connection:
        return render_template(
            "inventory.html",
            tables=log_inventory.tables(connection, **minutes),
            captured=log_inventory.captured(connection, scope()),
            people=log_inventory.people(connection, scope()),
            most_people=log_inventory.MOST_PEOPLE,
            logins=log_inventory.logins(connection),
            outside=log_inventory.OUTSIDE,
            zone=zone,
            limits=scope().in_words(),
        )
