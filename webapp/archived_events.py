"""The list and the page of an event, going on in archives. Knows nothing of Flask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import LiteralString

from psycopg import sql
from psycopg.rows import class_row

from . import archives, events
from .archives import FEW, Archives, Batch, Cursor, relation
from .db import Connection
from .errors import ArchiveError
from .events import PAGE_SIZE, Event, EventInFull, Page
from .evidence.places import Place
from .filters import Filters
from .narrowing import low
from .queries import load
from .scopes import Scope


@dataclass(frozen=True)
class Left:
    """What of the asked time has left the log: first and last month, and why it cannot be shown, if it cannot."""

    first: str
    last: str
    trouble: str = ""


def left(connection: Connection, filters: Filters, scope: Scope) -> Left | None:
    """Months that left the log in the time that the filters ask for."""
    _, parameters = filters.conditions(scope)
    found = archives.months(connection, parameters.get("start"), parameters.get("end"))
    return Left(f"{found[-1].month:%Y-%m}", f"{found[0].month:%Y-%m}") if found else None


def page(
    connection: Connection,
    place: Place | None,
    filters: Filters,
    scope: Scope,
    *,
    older_than: Cursor | None = None,
    newer_than: Cursor | None = None,
) -> tuple[Page, Left | None]:
    """As events.page(), with archived events where the page reaches their time."""
    found = events.page(connection, filters, scope, older_than=older_than, newer_than=newer_than)
    gone = left(connection, filters, scope)
    if gone is None:
        return found, None
    if place is None:
        return found, replace(gone, trouble="this server has no place of archives")
    try:
        opened = Archives(connection, place, filters, scope)
        until = opened.until
        assert until is not None
        end = newer_than[0] if newer_than else found.events[-1].occurred_at if found.has_older else None
        if end and end >= until:
            return found, gone
        return _merged(connection, opened, found, older_than, newer_than), gone
    except ArchiveError as error:
        return found, replace(gone, trouble=str(error))


def find(connection: Connection, place: Place | None, event_id: int, scope: Scope) -> EventInFull | None:
    """As events.find(), from the archives."""
    if place is None:
        return None
    try:
        opened = Archives(connection, place, Filters(), scope)
        batch = opened.find(connection, event_id)
    except ArchiveError:
        return None
    if batch is None:
        return None
    query = load("archived_event").format(archived=relation(), conditions=opened.conditions, low=low(connection))
    with connection.cursor(row_factory=class_row(EventInFull)) as rows:
        return rows.execute(query, opened.parameters | {"archived": batch.text}).fetchone()


def _merged(
    connection: Connection, opened: Archives, found: Page, older_than: Cursor | None, newer_than: Cursor | None
) -> Page:
    order: LiteralString = "asc" if newer_than else "desc"
    archived: list[Event] = []
    for batch in opened.batches(newer_than or older_than, oldest_first=newer_than is not None, size=FEW):
        archived += _matching(connection, opened, batch, order, PAGE_SIZE + 1 - len(archived))
        if len(archived) > PAGE_SIZE:
            break
    both = sorted([*found.events, *archived], key=lambda event: event.cursor, reverse=newer_than is None)
    more, both = len(both) > PAGE_SIZE, both[:PAGE_SIZE]
    if newer_than:
        return Page(both[::-1], has_newer=more or found.has_newer, has_older=True)
    return Page(both, has_newer=found.has_newer, has_older=more or found.has_older)


def _matching(connection: Connection, opened: Archives, batch: Batch, order: LiteralString, limit: int) -> list[Event]:
    query = load("archived_page").format(
        archived=relation(), conditions=opened.conditions, direction=sql.SQL(order), low=low(connection)
    )
    with connection.cursor(row_factory=class_row(Event)) as rows:
        return rows.execute(query, opened.parameters | {"archived": batch.text, "limit": limit}).fetchall()
