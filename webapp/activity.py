"""How much happened, when, by whom: the numbers behind the charts. Knows nothing of Flask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

from .counting import counted
from .db import Connection
from .filters import Filters
from .periods import DAY
from .queries import load
from .scopes import CATEGORIES, Scope

#: What is shown while nobody has chosen days.
USUAL = timedelta(weeks=12)
TOP = 10
#: The longest stretch that is shown day by day, and week by week.
BY_DAY, BY_WEEK = 45, 400


@dataclass(frozen=True)
class Stretch:
    """A day, week or month: its first and last day within what was asked for, and its events by category."""

    first: date
    last: date
    events: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.events.values())


@dataclass(frozen=True)
class Somebody:
    """A person whom applications named, or a login for which nobody was."""

    actor_id: str | None
    actor_name: str | None
    db_user: str | None
    events: int


@dataclass(frozen=True)
class Kind:
    category: str
    action: str
    events: int


def bounded(filters: Filters, now: datetime) -> Filters:
    """The same filters with both of their days: the last twelve weeks where nobody chose any."""
    first, last = filters.days(now)
    last = last or now.astimezone(ZoneInfo(filters.zone)).date()
    first = first or last - USUAL + DAY
    return replace(filters, start=min(first, last), end=last, period="")


def unit(filters: Filters) -> LiteralString:
    """What one bar stands for, so that there are neither two nor two hundred of them."""
    length = (_day(filters.end) - _day(filters.start)).days + 1
    return "day" if length <= BY_DAY else "week" if length <= BY_WEEK else "month"


def over_time(connection: Connection, filters: Filters, scope: Scope) -> list[Stretch]:
    """Every day, week or month between the two days of `filters`, those without an event too."""
    first, last = _day(filters.start), _day(filters.end)
    by = unit(filters)
    by_day: dict[date, dict[str, int]] = {}
    for day, category, events in _counted("activity_over_time", connection, filters, scope, unit=by):
        by_day.setdefault(day, {})[category] = events
    found: list[Stretch] = []
    begin = _begin(first, by)
    while begin <= last:
        after = _begin(begin + timedelta(days={"day": 1, "week": 7}.get(by, 31)), by)
        events = {category: n for category in CATEGORIES if (n := by_day.get(begin, {}).get(category))}
        found.append(Stretch(max(begin, first), min(after - DAY, last), events))
        begin = after
    return found


def people(connection: Connection, filters: Filters, scope: Scope) -> list[Somebody]:
    """Those with most events."""
    return [
        Somebody(*row) for row in _counted("activity_people", connection, filters, scope, by_person=True, limit=TOP)
    ]


def hours(connection: Connection, filters: Filters, scope: Scope) -> list[list[int]]:
    """Events in each of the 24 hours of each weekday, Monday first."""
    week = [[0] * 24 for _ in range(7)]
    for weekday, hour, events in _counted("activity_hours", connection, filters, scope):
        week[weekday - 1][hour] = events
    return week


def kinds(connection: Connection, filters: Filters, scope: Scope) -> list[Kind]:
    """What was done, the most frequent first."""
    of_somebody = any(term.field == "actor" and not term.negated for term in filters.terms)
    return [Kind(*row) for row in _counted("activity_kinds", connection, filters, scope, by_person=of_somebody)]


def _counted(
    name: str, connection: Connection, filters: Filters, scope: Scope, *, by_person: bool = False, **more: Any
) -> Sequence[tuple[Any, ...]]:
    filled, parameters = counted(connection, filters, scope, by_person=by_person)
    query = load(name).format(**filled)
    return connection.execute(query, parameters | {"zone": filters.zone} | more).fetchall()


def _begin(day: date, by: str) -> date:
    if by == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if by == "week" else day


def _day(day: date | None) -> date:
    assert day, "filters without days: call bounded() first"
    return day
