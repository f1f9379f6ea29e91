"""What is recorded, where, how long and who sees it: read from the database, so that it is true."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.rows import dict_row

from .db import Connection
from .queries import load
from .scopes import Scope

MOST_PEOPLE = 200
WITH_THE_LOG = "as long as the log"

#: How long a row of each table stays. A table that is not here fails a test.
KEPT = {
    "activity": WITH_THE_LOG,
    "actor_days": WITH_THE_LOG,
    "anchors": "as long as the place is used",
    "archives": "for ever",
    "checkpoints": "for ever",
    "exports": "for ever: numbers of events, and of people",
    "erasures": "for ever: they say what was forgotten, and why",
    "export_rights": "until audit.deny_export()",
    "export_tickets": "minutes: until the ticket is used or has expired",
    "holds": "until auditlog hold release",
    "incarnations": "for ever",
    "leaves": "for ever, when their event was erased, too",
    "log": "until auditlog retain writes a month to an archive: nothing removes events by itself",
    "migrations": "for ever",
    "moving": "as long as the update runs",
    "nodes": "for ever",
    "password_links": "until used, replaced or expired",
    "reached": "for ever",
    "recent_views": "a day",
    "recovery_codes": "until used, renewed or removed",
    "relations": "until the next auditlog migrate",
    "search": WITH_THE_LOG,
    "searching": "one row, overwritten",
    "sealing": "one row, overwritten",
    "shapes": WITH_THE_LOG,
    "sign_in_attempts": "a day",
    "streams": "until auditlog stream --drop",
    "totp": "until removed",
    "tracked": "until audit.untrack()",
    "views": "until their owner deletes them; searches for a short while",
    "web_sessions": "until signed out, or {idle} minutes without a click, or {longest} minutes in any case",
}

#: What the program leaves outside of the database: (where, what, how long, who).
OUTSIDE = [
    (
        "Output of auditlog serve",
        "Errors and warnings with the path of the page, never names, addresses or values",
        "as long as your service manager keeps it",
        "whoever may read the server's logs",
    ),
    (
        "Files that were exported",
        "The events that the filters showed; each export is an event with its count and SHA-256",
        "beyond our reach",
        "whoever has the file",
    ),
    (
        "Archives of auditlog retain",
        "The events of months that left the log",
        "as long as you keep the files",
        "whoever may read the folder",
    ),
    (
        "Receivers of auditlog stream",
        "Every event from where the stream began",
        "beyond our reach",
        "whoever may read what the receiver keeps",
    ),
    (
        "Anchored checkpoints",
        "Signed hashes, without personal data",
        "as long as you keep the place",
        "whoever may read the place",
    ),
    ("Backups of the database", "Everything in the tables above", "as long as your backups", "whoever may read them"),
]


def _rows(connection: Connection, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(load(query), values).fetchall()


def tables(connection: Connection, **limits: int) -> list[dict[str, Any]]:
    """Every table of the log; `limits`: minutes after which a session ends, idle and longest."""
    found = _rows(connection, "inventory_tables")
    return [row | {"kept": KEPT.get(row["name"], "not known").format(**limits)} for row in found]


def captured(connection: Connection, scope: Scope) -> list[dict[str, Any]]:
    """The tables under capture, with the columns that are not kept, or not in the clear."""
    query = load("inventory_captured").format(scope=scope.condition("audit.category_of('update', t.entity)"))
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(query).fetchall()


def people(connection: Connection, scope: Scope) -> list[dict[str, Any]]:
    """Who may open the report or more, and what they are limited to. For readers who may see users."""
    if not scope.allows("users"):
        return []
    found = _rows(connection, "inventory_people", {"limit": MOST_PEOPLE})
    return [row | {"limits": Scope.of(row["categories"]).in_words()} for row in found]


def logins(connection: Connection) -> dict[str, list[str]]:
    """Which logins of the database can act as which role."""
    return {row["role"]: row["logins"] for row in _rows(connection, "inventory_logins")}
