"""Looking for something: whatever is typed comes by POST, and leads to an address without personal data."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from .. import db, query_language
from ..errors import FilterError
from ..filters import Filters
from ..web import addresses, finding
from ..web.rendering import default_zone

blueprint = Blueprint("finding", __name__)


@blueprint.post("/reports/audit-log/find")
def find() -> Response | tuple[str, int]:
    """To the list with the filters of a query, or of the fields of a form."""
    try:
        if "q" in request.form:
            zone = Filters.from_query({"tz": request.form.get("tz", "")}, default_zone()).zone
            wanted = query_language.parse(request.form["q"], zone)
        else:
            wanted = Filters.from_query(request.form.to_dict(flat=False), default_zone())
        wanted = addresses.settled(wanted)
    except FilterError as error:
        with db.connection() as connection:
            head = finding.head(connection, Filters(zone=addresses.zone()), error)
        return render_template("audit_log.html", page=None, **head), 400
    return redirect(addresses.report(wanted), 303)
