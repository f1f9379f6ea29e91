"""Views of the report that outlive a page: searches kept out of addresses for a while, and those saved by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from . import query_language
from .db import Connection
from .errors import FilterError
from .filters import Filters
from .queries import load
from .scopes import Scope

LONGEST_NAME = 80


@dataclass(frozen=True)
class View:
    """A kept query. Without a name it is a search that expires."""

    view_id: str
    owner: str
    name: str | None
    query: str
    zone: str | None
    opens_first: bool = False

    def filters(self, zone: str) -> Filters:
        """What it shows, in the days of its own zone if it has one; raises QueryError."""
        return query_language.parse(self.query, self.zone or zone)


#: Views that everybody has: the end of their address, what they are called, and what they show.
DEFAULTS = [
    (
        "deleted-contacts-this-month",
        "Deleted contacts this month",
        "category:contacts action:delete created:this-month",
    ),
    ("exports-last-month", "Exports last month", "category:exports created:last-month"),
    ("became-administrator", "Became administrator", "category:users action:update field:role administrator"),
    ("failed-sign-ins", "Failed sign-ins, last 7 days", "category:access action:sign_in_failed created:last-7-days"),
    ("nobody-named", "Changes by nobody named", "no:actor source:captured action:insert action:update action:delete"),
]


def defaults(scope: Scope) -> list[View]:
    """Those of them that could show somebody something."""
    found = [View(key, "", name, query, None) for key, name, query in DEFAULTS]
    return [view for view in found if _may_show(view, scope)]


def _may_show(view: View, scope: Scope) -> bool:
    about = [term.value for term in view.filters("UTC").terms if term.field == "category"]
    return not about or any(scope.allows(category) for category in about)


def find(connection: Connection, view_id: str, scope: Scope) -> View | None:
    """A view by its id; None when there is none, or it has expired."""
    for view in defaults(scope):
        if view.view_id == view_id:
            return view
    if not re.fullmatch("[0-9a-f]{32}", view_id):
        return None
    with connection.cursor(row_factory=class_row(View)) as rows:
        return rows.execute(load("view"), {"view_id": view_id}).fetchone()


def of(connection: Connection, owner: str) -> list[View]:
    """What a person has saved, by name."""
    with connection.cursor(row_factory=class_row(View)) as rows:
        return rows.execute(load("saved_views"), {"owner": owner}).fetchall()


def first(connection: Connection, owner: str) -> View | None:
    """The one that a person opens the report with; None for every event."""
    return next((view for view in of(connection, owner) if view.opens_first), None)


def keep(connection: Connection, owner: str, filters: Filters) -> Filters:
    """The same filters, with their private terms kept where an address can name them; raises FilterError."""
    if not filters.private:
        return replace(filters, view="")
    private = Filters(filters.private)
    query = query_language.write(private)
    if len(query) > query_language.LONGEST:
        raise FilterError("words", f"This is too long: at most {query_language.LONGEST} characters.")
    values = (owner, query, Jsonb(private.recorded()))
    row = connection.execute("select audit.keep_search(%s, %s, filter => %s)", values).fetchone()
    assert row is not None
    return replace(filters, view=row[0])


def save(connection: Connection, owner: str, name: str, filters: Filters) -> str | None:
    """Save under a name; None when the owner has a view of that name. Raises psycopg's ConfigurationLimitExceeded."""
    values = (owner, name, query_language.write(filters), filters.zone, Jsonb(filters.recorded()))
    row = connection.execute("select audit.save_view(%s, %s, %s, %s, %s)", values).fetchone()
    return row[0] if row else None


def rename(connection: Connection, owner: str, view_id: str, name: str) -> bool:
    """False when it is not theirs, or they have another one of that name."""
    row = connection.execute("select audit.rename_view(%s, %s, %s)", (owner, view_id, name)).fetchone()
    return bool(row and row[0])


def open_first(connection: Connection, owner: str, view_id: str | None) -> bool:
    """Let the report open with a view, or without one; False when it is not theirs."""
    row = connection.execute("select audit.open_first(%s, %s)", (owner, view_id)).fetchone()
    return bool(row and row[0])


def delete(connection: Connection, owner: str, view_id: str) -> bool:
    """False when it is not theirs."""
    row = connection.execute("select audit.delete_view(%s, %s)", (owner, view_id)).fetchone()
    return bool(row and row[0])
