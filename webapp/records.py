"""The whole life of one record: how it stands, how it stood, who touched it. Knows nothing of Flask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import class_row

from . import events
from .db import Connection
from .events import Cursor, Event, EventInFull
from .filters import Filters, Term
from .narrowing import Filled, narrowed
from .queries import load
from .scopes import Scope

#: Events of a record that are read to say who touched it.
READ_FOR_PEOPLE = 1000
#: And to say which rows belong to it.
READ_FOR_MEMBERS = 500


@dataclass(frozen=True)
class Touched:
    """What one person, or one login for which nobody was named, did to a record."""

    actor_id: str | None
    actor_name: str | None
    logins: list[str]
    imported: bool
    events: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Record:
    """One record of the report, as far as a reader may see it."""

    connection: Connection
    scope: Scope
    entity: str
    record_id: str

    @property
    def filters(self) -> Filters:
        return Filters((Term("entity", self.entity), Term("record", self.record_id)))

    def standing(self, at: Cursor | None = None) -> EventInFull | None:
        """The event after which it stood as it does, or as it did at a moment; None before the first."""
        found = self._states("<=", at, 1)
        return events.find(self.connection, found[0], self.scope) if found else None

    def changes_since(self, at: Cursor, limit: int) -> list[int]:
        """The events that have changed it since, newest first."""
        return self._states(">", at, limit)

    def members(self, at: Cursor | None = None) -> list[Event]:
        """What belonged to it then, or belongs to it now: of each row its last event, as far as so many events tell."""
        filled, parameters = self._up_to("<=", at)
        query = load("record_members").format(**filled)
        with self.connection.cursor(row_factory=class_row(Event)) as rows:
            return rows.execute(query, parameters | {"limit": READ_FOR_MEMBERS}).fetchall()

    def people(self) -> list[Touched]:
        """Who touched it, the busiest first; none when nothing ever happened to it."""
        filled, parameters = narrowed(self.connection, self.filters, self.scope)
        query = load("record_people").format(**filled)
        with self.connection.cursor(row_factory=class_row(Touched)) as rows:
            return rows.execute(query, parameters | {"limit": READ_FOR_PEOPLE}).fetchall()

    def has(self, event: EventInFull) -> bool:
        return (event.entity, event.record_id) == (self.entity, self.record_id)

    def _states(self, comparison: LiteralString, at: Cursor | None, limit: int) -> list[int]:
        filled, parameters = self._up_to(comparison, at)
        query = load("record_states").format(**filled)
        return [row[0] for row in self.connection.execute(query, parameters | {"limit": limit}).fetchall()]

    def _up_to(self, comparison: LiteralString, at: Cursor | None) -> tuple[Filled, dict[str, Any]]:
        """Its events on one side of a moment: what fills {found}, {conditions} and {place}, and the parameters."""
        filled, parameters = narrowed(self.connection, self.filters, self.scope)
        if at is None:
            return filled | {"place": sql.SQL("true")}, parameters
        place = sql.SQL("(r.occurred_at, r.event_id) {} (%(at)s, %(event_id)s)").format(sql.SQL(comparison))
        return filled | {"place": place}, parameters | {"at": at[0], "event_id": at[1]}
