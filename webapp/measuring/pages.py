"""What is measured: the first page and a deep one, every tab, every filter, the charts, records, people, words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import quote, urlencode

from ..db import Connection
from ..events import PAGE_SIZE, Cursor
from ..filters import Filters
from ..scopes import EVERYTHING
from ..tabs import tabs

REPORT = "/reports/audit-log"
PAGES = 10_000  # from the newest one to the deep one
DEEP: LiteralString = """
select occurred_at, event_id from audit.search order by occurred_at desc, event_id desc
limit 1 offset least(%(rows)s, (select count(*) from audit.search) / 2)
"""
PAGE_MS = (50.0, 150.0)  # at most: in the database, and to the last byte
WORD_MS = (500.0, 600.0)
#: The most frequent value of each field that an address can hold, among the newest events.
FREQUENT: LiteralString = """
select {value} from (select * from audit.search order by occurred_at desc, event_id desc limit 20000) s
where {value} is not null group by 1 order by count(*) desc, 1 limit 1
"""
VALUES: dict[str, LiteralString] = {
    "category": "s.category",
    "action": "s.action",
    "actor": "s.actor_id",
    "login": "s.db_user",
    "application": "s.application",
    "entity": "s.entity",
    "record": "s.record_id",
    "field": "s.changed_fields[1]",
    "address": "host(s.client_addr)",
    "request": "s.request_id",
    "transaction": "s.xact_id::text",
}
#: The number of an order, which generated notes hold.
RARE_WORD: LiteralString = """
select substring(l.new_row from 'Order ([0-9]+)')
from (select * from audit.log where action = 'u' order by occurred_at desc limit 20000) l
where l.new_row ~ 'Order [0-9]+' order by l.occurred_at limit 1
"""
RARE_ACTIONS = ("export", "denied", "truncate")


@dataclass(frozen=True)
class Measured:
    """A page, by its address or by what is typed to find it, and how long it may take."""

    name: str
    address: str = ""
    typed: str = ""
    most: tuple[float, float] = PAGE_MS


def pages(connection: Connection, cursor: Callable[[Cursor], str]) -> list[Measured]:
    """The pages of this log; `cursor` makes the sign of a place in the list."""
    row = connection.execute(DEEP, {"rows": PAGES * PAGE_SIZE}).fetchone()
    assert row, "events are not in audit.search"
    place = cursor((row[0], row[1]))
    found = [
        Measured("first page", REPORT),
        Measured(f"page {PAGES:,}", f"{REPORT}?before={place}"),
        Measured(f"page {PAGES:,}, backwards", f"{REPORT}?after={place}"),
    ]
    narrowed = {f"tab: {tab.label}": dict(tab.query) for tab in tabs(Filters(), EVERYTHING)}
    values = {field: _one(connection, FREQUENT.replace("{value}", value)) for field, value in VALUES.items()}
    narrowed |= {f"filter: {field}": {field: value} for field, value in values.items() if value}
    narrowed |= {f"filter: action {action}": {"action": action} for action in RARE_ACTIONS}
    narrowed |= {f"filter: not {field}": {f"-{field}": values[field]} for field in ("entity", "actor") if values[field]}
    narrowed |= {"filter: weekday": {"weekday": "sunday"}, "filter: hour": {"hour": "3"}}
    narrowed |= {"filter: source": {"source": "imported"}, "filter: no actor": {"no": "actor"}}
    narrowed |= {f"filter: {period}": {"period": period} for period in ("last-7-days", "last-month")}
    narrowed |= {"filter: a network": {"address": "192.0.2.0/28"}}
    for name, query in narrowed.items():
        found.append(Measured(name, f"{REPORT}?{urlencode(query, doseq=True)}"))
    found.append(Measured("charts", f"{REPORT}/activity"))
    for name, query in narrowed.items():
        if name.startswith("tab") and "Everything" not in name:
            found.append(Measured(f"charts, {name}", f"{REPORT}/activity?{urlencode(query, doseq=True)}"))
    found.append(Measured("charts, a year", f"{REPORT}/activity?{_year(connection)}"))
    for entity in ("contact", "group", "user"):
        record = _busiest(connection, entity)
        found.append(Measured(f"record page: {entity}", f"{REPORT}/records/{entity}/{quote(str(record))}"))
    found.append(Measured("page of a person", f"{REPORT}/actors/{quote(str(values['actor']))}"))
    event = _one(connection, "select max(event_id) from audit.search where action = 'update'")
    found.append(Measured("page of an event", f"{REPORT}/events/{event}"))
    found += [Measured("a word that is nowhere", typed="zyzzogeton", most=WORD_MS)]
    if number := _one(connection, RARE_WORD):
        found.append(Measured("a rare word", typed=number, most=WORD_MS))
    return found


def _year(connection: Connection) -> str:
    days = _one(connection, "select array[min(hour)::date::text, max(hour)::date::text] from audit.activity")
    return urlencode({"from": days[0], "to": days[1]})


def _busiest(connection: Connection, entity: str) -> Any:
    query: LiteralString = """
        select record_id from (
          select record_id from audit.search where entity = %s and record_id is not null
          order by occurred_at desc limit 20000) s
        group by 1 order by count(*) desc, 1 limit 1"""
    return _one(connection, query, (entity,))


def _one(connection: Connection, query: LiteralString, values: tuple[object, ...] = ()) -> Any:
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None
