"""How much happened, when and by whom: charts whose bars lead to the events."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template

from .. import activity, charts, db, narrowing
from ..permissions import scope
from ..web import addresses, drawing, finding


def show() -> str:
    """The report as it is narrowed, in charts; the last twelve weeks where nobody chose days."""
    asked = addresses.filters_or_400()
    filters = activity.bounded(asked, datetime.now(UTC))
    with db.connection() as connection:
        stretches = activity.over_time(connection, filters, scope())
        return render_template(
            "activity.html",
            asked=asked,
            behind=narrowing.is_behind(connection),
            filters=filters,
            zone=filters.zone,
            unit=activity.unit(filters),
            chart=charts.stacked(stretches),
            total=sum(stretch.total for stretch in stretches),
            people=activity.people(connection, filters, scope()),
            week=activity.hours(connection, filters, scope()),
            chips=finding.chips(asked, {}),
            presets=filters.presets(datetime.now(UTC)),
            categories=scope().choices,
            limits=scope().in_words(),
            link=drawing.Links(filters),
        )
