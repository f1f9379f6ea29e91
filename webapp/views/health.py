"""Whether capture is whole, in words; and whether the application is up, for machines."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template

from .. import db, events, wording
from ..evidence import erasing
from ..permissions import scope
from ..streaming import cursors
from ..web import addresses
from ..web.signed_in import current_user

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> tuple[dict[str, str], int]:
    db.ping()
    return {"status": "ok"}, 200


@blueprint.get("/reports/audit-log/health")
def health() -> str:
    zone = addresses.filters_or_400().zone
    with db.connection() as connection:
        tables = events.status(connection, scope())
        seals = events.sealing(connection)
        streams = cursors.progress(connection)
        behind = events.search_lag(connection)
        unreached = erasing.unreached(connection)
        people = events.people_problems(connection) if current_user.may("audit.manage") else []
    tracked = [table for table in tables if table["entity"]]
    return render_template(
        "health.html",
        tables=tables,
        tracked=tracked,
        kinds=sorted({table["entity"].replace("_", " ") for table in tracked}),
        since=min((table["tracked_since"] for table in tracked if table["tracked_since"]), default=None),
        last=max((table["last_event"] for table in tracked if table["last_event"]), default=None),
        problems=[table for table in tables if table["problem"]],
        now=datetime.now(UTC),
        people=people,
        seals=seals,
        searching=wording.searching(behind["lag"]),
        streams=streams,
        unreached=erasing.waiting_in_archives(unreached),
        manages=current_user.may("audit.manage"),
        zone=zone,
    )
