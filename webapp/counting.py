"""Where charts count their events: in what is counted already, as far as that tells apart what is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import sql

from .db import Connection
from .filters import Filters
from .narrowing import Filled, found, unfound
from .queries import load
from .scopes import Scope

#: Fields that audit.activity tells apart, and audit.actor_days.
BY_HOUR = frozenset({"category", "action", "entity", "weekday", "hour"})
BY_PERSON = frozenset({"category", "action", "actor"})


def counted(
    connection: Connection, filters: Filters, scope: Scope, *, by_person: bool = False
) -> tuple[Filled, dict[str, Any]]:
    """What fills {counted} and {conditions} of a query, and the parameters, for filters with both of their days.

    A row r of {counted} stands for r.events events. It tells their time (by_person: one that is asked for) and what the
    filters ask for, with `by_person` also who made them, which is all that a query may ask of it.
    """
    conditions, parameters = filters.conditions(scope)
    source = _by_person(connection, filters) if by_person else _by_hour(connection, filters)
    if source is None:
        source = sql.SQL("(select r.*, 1 as events from {} r)").format(found(connection, scope))
    return {"counted": source, "conditions": conditions}, parameters


def _by_hour(connection: Connection, filters: Filters) -> sql.Composed | None:
    if not _asks_for(filters, BY_HOUR) or not _begins_with_an_hour(filters):
        return None
    return load("counted_by_hour").format(unfound=unfound(connection))


def _by_person(connection: Connection, filters: Filters) -> sql.Composed | None:
    start, end = _between(filters)
    first, after = _day_from(start), end.date()
    if not _asks_for(filters, BY_PERSON) or first >= after:
        return None
    places = {"start": start, "first": first, "after": after, "end": end}
    literals = {name: sql.Literal(place) for name, place in places.items()}
    return load("counted_by_person").format(unfound=unfound(connection), **literals)


def _asks_for(filters: Filters, fields: frozenset[str]) -> bool:
    return {term.field for term in filters.terms} <= fields


def _between(filters: Filters) -> tuple[datetime, datetime]:
    assert filters.start, "filters without a first day: call activity.bounded() first"
    assert filters.end, "filters without a last day: call activity.bounded() first"
    return filters.midnight(filters.start), filters.midnight(filters.end + timedelta(days=1))


def _day_from(at: datetime) -> date:
    """The first day (UTC) that begins then or later."""
    return at.date() if at == datetime.combine(at.date(), time.min, UTC) else at.date() + timedelta(days=1)


def _begins_with_an_hour(filters: Filters) -> bool:
    """Whether hours of this zone are hours of UTC all the time, as they are not in India."""
    zone = ZoneInfo(filters.zone)
    start, end = _between(filters)
    seasons = [datetime(year, month, 1, tzinfo=UTC) for year in range(start.year, end.year + 1) for month in (1, 7)]
    offsets = (at.astimezone(zone).utcoffset() for at in (start, end, *(at for at in seasons if start < at < end)))
    return all(offset is not None and offset.total_seconds() % 3600 == 0 for offset in offsets)
