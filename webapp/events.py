"""Reading the audit log: typed rows and the queries behind every page. Knows nothing of Flask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import class_row, dict_row

from .db import Connection
from .filters import Filters
from .narrowing import Filled, low, narrowed
from .queries import load
from .scopes import EVERYTHING, Scope

PAGE_SIZE = 50
COUNT_LIMIT = 10_000
#: So many events beside a page are counted to say how an entry goes on there.
BESIDE_LIMIT = 1000
ARRIVED_LIMIT = 100
ACTOR_LIMIT = 500
OWN_KINDS = {"report", "user"}

Json = dict[str, Any]
Cursor = tuple[datetime, int]  # occurred_at and event_id: the order of the report


@dataclass(frozen=True)
class Event:
    """One row of the report."""

    event_id: int
    occurred_at: datetime
    category: str
    action: str
    entity: str
    record_id: str | None
    record_label: str | None
    changed_fields: list[str] | None
    actor_id: str | None
    actor_name: str | None
    db_user: str
    application: str | None
    client_addr: IPv4Address | IPv6Address | None
    request_id: str | None
    schema_name: str | None
    table_name: str | None
    imported_at: datetime | None
    changes: Json | None
    details: Json | None
    xact_id: str
    archived: bool = field(default=False, kw_only=True)  # it has left the log, and was read from a file

    @property
    def cursor(self) -> Cursor:
        return self.occurred_at, self.event_id


@dataclass(frozen=True)
class EventInFull(Event):
    """An event with the rows it holds, and the order of their columns where it is known."""

    before: Json | None
    after: Json | None
    context: Json | None
    columns: list[str] | None


@dataclass(frozen=True)
class Page:
    """One screen of the report, newest first."""

    events: list[Event]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True)
class Names:
    """What referenced records are called, and which columns refer to records."""

    of_record: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    referred: dict[tuple[str | None, str | None, str], str] = field(
        default_factory=dict[tuple[str | None, str | None, str], str]
    )

    def of(self, event: Event, column: str, value: object) -> str | None:
        """The name behind a key in a column, such as owner_id = 7."""
        entity = self.referred.get((event.schema_name, event.table_name, column))
        return self.of_record.get((entity, str(value))) if entity and value is not None else None


def page(
    connection: Connection,
    filters: Filters,
    scope: Scope,
    *,
    older_than: Cursor | None = None,
    newer_than: Cursor | None = None,
) -> Page:
    """Fifty events beside a cursor. Rows that arrive meanwhile move nothing: the cursor is a place, not a number."""
    backwards = newer_than is not None
    filled, parameters = narrowed(connection, filters, scope, oldest_first=backwards)
    cursor = newer_than or older_than
    if cursor:
        comparison: LiteralString = ">" if backwards else "<"
        filled["conditions"] = sql.SQL("{} and (r.occurred_at, r.event_id) {} (%(at)s, %(event_id)s)").format(
            filled["conditions"], sql.SQL(comparison)
        )
        parameters |= {"at": cursor[0], "event_id": cursor[1]}
    query = load("page").format(**filled, direction=sql.SQL("asc" if backwards else "desc"))
    with connection.cursor(row_factory=class_row(Event)) as rows:
        found = rows.execute(query, parameters | {"limit": PAGE_SIZE + 1}).fetchall()
    more, found = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if backwards:
        found.reverse()
        return Page(found, has_newer=more, has_older=True)
    return Page(found, has_newer=older_than is not None, has_older=more)


def count(connection: Connection, filters: Filters, scope: Scope, limit: int = COUNT_LIMIT) -> int:
    """How many events there are, at most limit + 1: nobody waits for an exact million."""
    return count_found(connection, *narrowed(connection, filters, scope), limit)


def count_found(connection: Connection, filled: Filled, parameters: Json, limit: int) -> int:
    """The same of what is narrowed already."""
    query = load("count").format(**filled)
    row = connection.execute(query, parameters | {"limit": limit + 1}).fetchone()
    return row[0] if row else 0


def arrived(connection: Connection, filters: Filters, scope: Scope, since: Cursor, reader: str) -> int:
    """How many events there are that are newer than one, but for what the reader has looked at; at most limit + 1."""
    filled, parameters = narrowed(connection, filters, scope)
    filled["conditions"] = sql.SQL(
        "{} and (r.occurred_at, r.event_id) > (%(at)s, %(event_id)s)"
        " and (r.action <> 'view' or r.actor_id is distinct from %(reader)s)"
    ).format(filled["conditions"])
    parameters |= {"at": since[0], "event_id": since[1], "reader": reader}
    return count_found(connection, filled, parameters, ARRIVED_LIMIT)


def goes_on(connection: Connection, filters: Filters, scope: Scope, event: Event, *, newer: bool) -> int:
    """How many events of the same transaction and person there are beside a page that begins or ends with `event`.

    At most BESIDE_LIMIT: a transaction may have millions.
    """
    filled, parameters = narrowed(connection, filters, scope)
    comparison: LiteralString = ">" if newer else "<"
    place = sql.SQL("(r.occurred_at, r.event_id) {} (%(at)s, %(event_id)s)").format(sql.SQL(comparison))
    query = load("goes_on").format(**filled, place=place)
    of = {"xact_id": event.xact_id, "actor_id": event.actor_id, "db_user": event.db_user, "limit": BESIDE_LIMIT}
    at, event_id = event.cursor
    row = connection.execute(query, parameters | of | {"at": at, "event_id": event_id}).fetchone()
    return row[0] if row else 0


def find(connection: Connection, event_id: int, scope: Scope) -> EventInFull | None:
    """One event. None when there is none, and when the reader may not see it: nobody can tell which."""
    query = load("event").format(scope=scope.condition(), low=low(connection))
    with connection.cursor(row_factory=class_row(EventInFull)) as rows:
        return rows.execute(query, {"event_id": event_id}).fetchone()


def in_full(connection: Connection, filters: Filters, scope: Scope, limit: int) -> list[EventInFull]:
    """The newest events with all that they hold."""
    return found_in_full(connection, *narrowed(connection, filters, scope), limit)


def found_in_full(connection: Connection, filled: Filled, parameters: Json, limit: int) -> list[EventInFull]:
    """The same of what is narrowed already."""
    query = load("print").format(**filled)
    with connection.cursor(row_factory=class_row(EventInFull)) as rows:
        return rows.execute(query, parameters | {"limit": limit}).fetchall()


def actors(connection: Connection, scope: Scope) -> list[tuple[str, str]]:
    """(id, last known name) of the people that applications have named."""
    query = load("actors").format(scope=scope.condition(), low=low(connection))
    found = connection.execute(query, {"limit": ACTOR_LIMIT}).fetchall()
    return sorted(((row[0], row[1]) for row in found), key=lambda pair: pair[1].casefold())


def kinds(connection: Connection, scope: Scope) -> list[str]:
    """What records are called here: the tables that are tracked, and what the report itself records."""
    query = load("kinds").format(scope=scope.condition("audit.category_of('update', t.entity)"))
    tracked = {row[0] for row in connection.execute(query).fetchall()}
    own = OWN_KINDS if scope.allows("access") or scope.allows("exports") else set[str]()
    return sorted(tracked | own)


def names(connection: Connection, events: Iterable[Event | EventInFull], scope: Scope) -> Names:
    """Names for every key that these events mention in passing, as far as the reader may know them."""
    referred = {(row[0], row[1], row[2]): row[3] for row in connection.execute(load("references")).fetchall()}
    wanted: set[tuple[str, str]] = set()
    for event in events:
        images = [event.details or {}]
        if isinstance(event, EventInFull):
            images += [event.before or {}, event.after or {}]
        pairs = [item for image in images for item in image.items()]
        pairs += [(column, value) for column, both in (event.changes or {}).items() for value in both]
        for column, value in pairs:
            entity = referred.get((event.schema_name, event.table_name, column))
            if entity and isinstance(value, int | str):
                wanted.add((entity, str(value)))
    if not wanted:
        return Names({}, referred)
    asked = {"entities": [entity for entity, _ in wanted], "record_ids": [key for _, key in wanted]}
    query = load("names").format(scope=scope.condition("audit.category_of('update', w.entity)"), low=low(connection))
    found = connection.execute(query, asked).fetchall()
    return Names({(row[0], row[1]): row[2] for row in found if row[2]}, referred)


def people_problems(connection: Connection) -> list[Json]:
    """What is wrong with the view of who may sign in, each with its cure; nothing when all is well."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(load("people_problems")).fetchall()


def status(connection: Connection, scope: Scope = EVERYTHING) -> list[Json]:
    """audit.status() as dictionaries. What is wrong with the log itself, which has no entity, is for everybody."""
    limit = scope.condition("audit.category_of('update', s.entity)")
    with connection.cursor() as rows:
        rows.execute(load("status").format(scope=limit))
        columns = [column.name for column in rows.description or []]
        return [dict(zip(columns, row, strict=True)) for row in rows.fetchall()]


def sealing(connection: Connection) -> Json | None:
    """audit.sealing_status() as a dictionary; None when the log was never sealed."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(load("sealing")).fetchone()


def search_lag(connection: Connection) -> Json:
    """audit.search_status() as a dictionary."""
    with connection.cursor(row_factory=dict_row) as rows:
        found = rows.execute(load("search_lag")).fetchone()
    assert found is not None
    return found
