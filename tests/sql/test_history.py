"""Reading the log back: the history of a record, and a table as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.conftest import Database
from tests.sql.support import MASKED, Reference, every_table, refused, rows_of, seed


def history(db: Database, table: str, record_id: str) -> list[tuple[Any, ...]]:
    return db.run("select action, table_name, record_label from audit.history(%s::regclass, %s)", table, record_id)


def test_history_is_every_event_of_one_record_oldest_first(shared: Database) -> None:
    app = shared.connect()
    mark = shared.value("select coalesce(max(event_id), 0) from audit.events")
    app.execute("insert into contacts (id, first_name) values (501, 'Ada'), (502, 'Bo')")
    app.execute("update contacts set first_name = 'Adah' where id = 501")
    app.execute("delete from contacts where id = 501")
    found = shared.run(
        "select action, record_label, occurred_at from audit.history('contacts', '501') where event_id > %s", mark
    )
    assert [row[:2] for row in found] == [("insert", "Ada"), ("update", "Adah"), ("delete", "Adah")]
    assert [row[2] for row in found] == sorted(row[2] for row in found)


def test_history_of_a_group_includes_who_joined_and_left_it(db: Database) -> None:
    seed(db)
    app = db.connect()
    app.execute("insert into contact_groups (contact_id, group_id) values (2, 1)")
    app.execute("delete from contact_groups where contact_id = 1")
    app.execute("update groups set name = 'Directors' where id = 1")
    assert history(db, "groups", "1") == [
        ("insert", "groups", "Board"),
        ("insert", "contact_groups", "Board"),
        ("insert", "contact_groups", "Board"),
        ("delete", "contact_groups", "Board"),
        ("update", "groups", "Directors"),
    ]
    assert {table for _, table, _ in history(db, "contact_groups", "1")} == {"contact_groups"}


def test_history_of_a_record_that_never_was_is_empty(shared: Database) -> None:
    assert history(shared, "contacts", "987654321") == []
    assert shared.run("select * from audit.history('contacts', null)") == []


def test_history_and_as_of_refuse_a_table_that_is_not_tracked_and_list_the_tracked(db: Database) -> None:
    db.run("create table loose (id int primary key)")
    for call in ("audit.history('loose', '1')", "audit.as_of(null::loose, now())"):
        with refused(
            "42704", "public.loose is not tracked", detail="public.contacts", hint="audit.track('public.loose')"
        ):
            db.run(f"select * from {call}")


def then(db: Database, table: str, at: Any) -> list[dict[str, Any]]:
    rows = db.run(f"select to_jsonb(t) from audit.as_of(null::{table}, %s) t", at)
    hidden = {"password_hash": MASKED} if table == "users" else {}
    return sorted((row | hidden for (row,) in rows), key=str)


@every_table
def test_as_of_equals_a_copy_taken_earlier_whatever_happened_since(shared: Database, at: Reference) -> None:
    seed(shared)
    app = shared.connect()
    copies: list[tuple[Any, list[dict[str, Any]]]] = []
    for change in (
        at.insert,
        at.update,
        f"update {at.table} set {at.new_key} where {at.where_changed}",
        f"delete from {at.table}",
        at.insert,
    ):
        app.execute(change)
        copies.append((shared.value("select clock_timestamp()"), sorted(rows_of(shared, at.table), key=str)))
    shared.run(f"truncate {at.table} cascade")
    copies.append((shared.value("select clock_timestamp()"), []))
    for moment, copy in copies:
        assert then(shared, at.table, moment) == copy


def test_as_of_a_moment_before_capture_is_empty(shared: Database) -> None:
    seed(shared)
    assert then(shared, "contacts", datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_as_of_knows_rows_older_than_capture_from_their_baseline(db: Database) -> None:
    db.run("create table things (id int primary key, name text)")
    db.run("insert into things values (1, 'old')")
    db.run("select audit.track('things', baseline => true)")
    at = db.value("select clock_timestamp()")
    db.run("delete from things")
    assert db.run("select * from audit.as_of(null::things, %s)", at) == [(1, "old")]
    assert db.run("select * from audit.as_of(null::things, clock_timestamp())") == []


def test_as_of_keeps_composite_keys_apart(db: Database) -> None:
    db.run("create table pairs (a text, b text, v int, primary key (a, b))")
    db.run("select audit.track('pairs')")
    db.run("insert into pairs values ('x', 'y', 1), ('x', 'z', 2), ('x,y', '', 3)")
    at = db.value("select clock_timestamp()")
    db.run("update pairs set b = 'w' where b = 'y'")
    db.run("delete from pairs where b = 'z'")
    assert db.run("select v from audit.as_of(null::pairs, %s) order by v", at) == [(1,), (2,), (3,)]
    assert db.run("select v, b from audit.as_of(null::pairs, clock_timestamp()) order by v") == [(1, "w"), (3, "")]


def test_as_of_and_restore_sql_refuse_a_table_without_a_primary_key(db: Database) -> None:
    db.run("create table notes (body text)")
    db.run("select audit.track('notes')")
    db.run("insert into notes values ('x')")
    with refused("0A000", "audit.as_of: public.notes has no primary key", hint="audit.report"):
        db.run("select * from audit.as_of(null::notes, now())")
    with refused("0A000", "audit.restore_sql: public.notes has no primary key", hint="before and after"):
        db.run("select audit.restore_sql(%s)", db.last()["event_id"])
