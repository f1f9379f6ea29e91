"""What the tests of this folder share: watching the log, expecting a refusal, the reference tables."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.conftest import Database

MASKED = {"$masked": True}


def watch(db: Database) -> Callable[[], list[dict[str, Any]]]:
    """A function that returns the events written since now, in their order."""
    mark = db.value("select coalesce(max(event_id), 0) from audit.events")
    return lambda: db.events("event_id > %s", mark)


#: As where nobody may create event triggers.
UNFOLLOWED = (
    "alter event trigger audit_follow_ddl disable; "
    "update audit.migrations set made = null where name = 'triggers/watch_ddl.sql'"
)


def unfollowed(db: Database) -> None:
    db.run(UNFOLLOWED)


def problems(db: Database) -> list[str]:
    return [problem for (problem,) in db.run("select problem from audit.status() where problem is not null")]


def actions(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(e["action"], e["table_name"], e["record_id"]) for e in events]


def told(events: list[dict[str, Any]]) -> list[tuple[str, str, int | None, int | None]]:
    """What each event says: action, key, amount before, amount after."""
    return sorted(
        (e["action"], e["record_id"], (e["before"] or {}).get("amount"), (e["after"] or {}).get("amount"))
        for e in events
    )


def rows_of(db: Database, table: str, where: str = "true") -> list[dict[str, Any]]:
    """Rows as the log keeps them: to_jsonb, in UTC, without what is masked."""
    db.run("set timezone = 'UTC'")
    rows: list[dict[str, Any]] = [row for (row,) in db.run(f"select to_jsonb(t) from {table} t where {where}")]
    return [row | {"password_hash": MASKED} if table == "users" else row for row in rows]


def status(db: Database, table: str) -> dict[str, Any]:
    """What audit.status() says of one table."""
    columns = "triggers_present, enabled_always, function_unchanged, drifted_columns, problem"
    (row,) = db.run(f"select {columns} from audit.status() where table_name = %s", table)
    return dict(zip(columns.split(", "), row, strict=True))


def configured(db: Database) -> list[dict[str, Any]]:
    return [e["context"]["configure"] for e in db.events("action = 'configure'")]


@contextmanager
def refused(sqlstate: str, message: str, *, detail: str = "", hint: str = "") -> Generator[None]:
    """What happens inside is refused by this product, which says what to do instead."""
    with pytest.raises(psycopg.Error) as caught:
        yield
    diag = caught.value.diag
    assert (caught.value.sqlstate, message) == (sqlstate, message), caught.value
    assert message in (diag.message_primary or "")
    assert detail in (diag.message_detail or ""), diag.message_detail
    assert diag.message_hint, "no hint"
    assert hint in diag.message_hint


@contextmanager
def denied(sqlstate: str = "42501") -> Generator[None]:
    """What happens inside is refused by PostgreSQL itself."""
    with pytest.raises(psycopg.Error) as caught:
        yield
    assert caught.value.sqlstate == sqlstate, caught.value


@dataclass(frozen=True)
class Reference:
    """One of the reference tables, with a row that can be written to it after seed()."""

    table: str
    entity: str
    columns: str
    values: tuple[Any, ...]
    key: str
    record_id: str
    change: str
    changed: tuple[str, ...]
    change_back: str
    new_key: str

    @property
    def insert(self) -> str:
        return f"insert into {self.table} ({self.columns}) values ({self.row})"

    @property
    def row(self) -> str:
        return ", ".join(repr(value) for value in self.values)

    @property
    def where(self) -> str:
        named = dict(zip(self.columns.split(", "), self.values, strict=True))
        return " and ".join(f"{column} = {named[column]!r}" for column in self.key.split(", "))

    @property
    def update(self) -> str:
        return f"update {self.table} set {self.change} where {self.where}"

    @property
    def where_changed(self) -> str:
        return "permission = 'audit.manage'" if self.table == "user_permissions" else self.where

    @property
    def delete(self) -> str:
        return f"delete from {self.table} where {self.where}"

    def __str__(self) -> str:
        return self.table


REFERENCES = [
    Reference(
        "contacts",
        "contact",
        "id, first_name",
        (7, "Ada"),
        "id",
        "7",
        "phone = '1', last_name = 'King'",
        ("last_name", "phone"),
        "phone = null, last_name = ''",
        "id = 70",
    ),
    Reference(
        "groups",
        "group",
        "id, name",
        (7, "Crew"),
        "id",
        "7",
        "description = 'x'",
        ("description",),
        "description = null",
        "id = 70",
    ),
    Reference(
        "users",
        "user",
        "id, name, email, password_hash",
        (7, "Vi", "vi@example.org", "hash-of-vi"),
        "id",
        "7",
        "role = 'editor', name = 'Viv'",
        ("name", "role"),
        "role = 'member', name = 'Vi'",
        "id = 70",
    ),
    Reference(
        "contact_groups",
        "group",
        "contact_id, group_id",
        (1, 2),
        "contact_id, group_id",
        "2",
        "added_at = '2020-01-01'",
        ("added_at",),
        "added_at = '2021-01-01'",
        "group_id = 3",
    ),
    Reference(
        "user_permissions",
        "user",
        "user_id, permission",
        (1, "audit.export"),
        "user_id, permission",
        "1",
        "permission = 'audit.manage'",
        ("permission",),
        "permission = 'audit.export'",
        "user_id = 2",
    ),
]

every_table = pytest.mark.parametrize("at", REFERENCES, ids=str)


def seed(db: Database) -> None:
    """Two of each kind, tied together."""
    db.run("insert into users (id, name, email, password_hash) values (1, 'Una', 'una@example.org', 'hash-of-una')")
    db.run("insert into users (id, name, email, password_hash) values (2, 'Tom', 'tom@example.org', 'hash-of-tom')")
    db.run("insert into contacts (id, first_name, owner_id) values (1, 'Bo', 1), (2, 'Cy', 1)")
    db.run("insert into groups (id, name) values (1, 'Board'), (2, 'Staff'), (3, 'Press')")
    db.run("insert into contact_groups (contact_id, group_id) values (1, 1), (2, 2)")
    db.run("insert into user_permissions values (1, 'audit.view'), (2, 'audit.view')")
