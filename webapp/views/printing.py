"""The report on paper: events with all that they hold, and who printed what, when."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template

from .. import archived_events, db, events, narrowing, query_language, wording
from ..permissions import scope
from ..web import addresses

blueprint = Blueprint("printing", __name__)
MOST = 1_000


@blueprint.get("/reports/audit-log/print")
def printed() -> str:
    """What the filters in this address show, to be printed; the newest where there is more."""
    filters = addresses.filters_or_400()
    with db.connection() as connection:
        found = events.in_full(connection, filters, scope(), MOST + 1)
        more, found = len(found) > MOST, found[:MOST]
        names = events.names(connection, found, scope())
        total = events.count(connection, filters, scope()) if more else len(found)
        left = archived_events.left(connection, filters, scope())
        behind = narrowing.is_behind(connection)
    return render_template(
        "printed.html",
        rows=[
            (event, wording.sentence(event, names), wording.diff(event, names, filters.zone)[0], wording.facts(event))
            for event in found
        ],
        total=total,
        total_limit=events.COUNT_LIMIT,
        more=more,
        left=left,
        behind=behind,
        most=MOST,
        query=query_language.write(filters),
        address=addresses.report(filters, _external=True),
        zone=filters.zone,
        limits=scope().in_words(),
        printed_at=datetime.now(UTC),
        back=addresses.report(filters),
    )
