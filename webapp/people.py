"""What one person did, and what was done to them: for access reviews. Knows nothing of Flask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql
from psycopg.rows import class_row

from . import events
from .db import Connection
from .events import EventInFull
from .filters import Filters, Term
from .narrowing import narrowed
from .queries import load
from .scopes import Scope

#: So many records deleted in one transaction are set apart.
MANY = 10
MOST_WAYS, MOST_DELETIONS, MOST_RIGHTS = 12, 10, 25
#: Of the newest events, so many are read for what is counted.
NEWEST = 10_000
#: Columns of a table of users that say what a person may do.
RIGHTS = ["role", "roles", "permission", "permissions", "active", "categories", "is_active", "is_staff", "is_superuser"]


@dataclass(frozen=True)
class Seen:
    """When somebody was first and last seen, and their last name; all None for somebody never seen."""

    first_at: datetime | None
    last_at: datetime | None
    name: str | None


@dataclass(frozen=True)
class Way:
    """An address, an application and a login that belong together."""

    address: str | None
    application: str | None
    db_user: str
    events: int
    last_at: datetime


@dataclass(frozen=True)
class Deletion:
    """Many records of a kind, deleted at once."""

    transaction: str
    entity: str
    events: int
    last_at: datetime


def seen(connection: Connection, actor_id: str, scope: Scope) -> Seen:
    filled, parameters = narrowed(connection, Filters((Term("actor", actor_id),)), scope)
    with connection.cursor(row_factory=class_row(Seen)) as rows:
        found = rows.execute(load("actor_seen").format(**filled), parameters).fetchone()
    assert found
    return found


def ways(connection: Connection, filters: Filters, scope: Scope) -> list[Way]:
    """How they came, the most frequent way first."""
    filled, parameters = narrowed(connection, filters, scope)
    limits = {"newest": NEWEST, "limit": MOST_WAYS}
    with connection.cursor(row_factory=class_row(Way)) as rows:
        return rows.execute(load("actor_ways").format(**filled), parameters | limits).fetchall()


def deletions(connection: Connection, filters: Filters, scope: Scope) -> list[Deletion]:
    """What they deleted in bulk, newest first."""
    filled, parameters = narrowed(connection, filters, scope)
    limits = {"newest": NEWEST, "many": MANY, "limit": MOST_DELETIONS}
    with connection.cursor(row_factory=class_row(Deletion)) as rows:
        return rows.execute(load("actor_deletions").format(**filled), parameters | limits).fetchall()


def rights(connection: Connection, user_id: str, scope: Scope) -> list[EventInFull]:
    """What changed a user's rights, newest first."""
    of_user = Filters((Term("category", "users"), Term("entity", "user"), Term("record", user_id)))
    filled, parameters = narrowed(connection, of_user, scope)
    filled["conditions"] = sql.SQL("{} and {}").format(filled["conditions"], load("of_rights"))
    return events.found_in_full(connection, filled, parameters | {"rights": RIGHTS}, MOST_RIGHTS)
