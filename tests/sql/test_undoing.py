"""What would undo an event, and that it does."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Database
from tests.sql.support import REFERENCES, Reference, every_table, refused, rows_of, seed, watch


def undo(db: Database, event: dict[str, Any]) -> str:
    statement = db.value("select audit.restore_sql(%s)", event["event_id"])
    db.run(statement)
    return statement


@contextmanager
def undone(db: Database, *tables: str) -> Generator[None]:
    """What happens inside, taken back event by event, leaves the tables as they were."""
    before = {table: sorted(rows_of(db, table), key=str) for table in tables}
    new = watch(db)
    yield
    events = new()
    assert events
    for event in reversed(events):
        undo(db, event)
    assert {table: sorted(rows_of(db, table), key=str) for table in tables} == before


UNMASKED = [at for at in REFERENCES if at.table != "users"]


@every_table
def test_an_undone_insert_takes_the_row_out_and_no_other(shared: Database, at: Reference) -> None:
    seed(shared)
    with undone(shared, at.table):
        shared.run(at.insert)


@every_table
def test_an_undone_update_gives_the_values_back(shared: Database, at: Reference) -> None:
    seed(shared)
    shared.run(at.insert)
    with undone(shared, at.table):
        shared.run(at.update)


@every_table
def test_an_undone_key_change_gives_the_old_key_back(shared: Database, at: Reference) -> None:
    seed(shared)
    shared.run(at.insert)
    with undone(shared, at.table):
        shared.run(f"update {at.table} set {at.new_key} where {at.where}")


@pytest.mark.parametrize("at", UNMASKED, ids=str)
def test_an_undone_delete_gives_the_row_back(shared: Database, at: Reference) -> None:
    seed(shared)
    shared.run(at.insert)
    with undone(shared, at.table):
        shared.run(at.delete)


def test_an_undone_truncate_gives_every_row_back(shared: Database) -> None:
    seed(shared)
    shared.run("update contacts set address = %s, tags = %s, notes = 'it''s'", Jsonb({"a": [1, None]}), ["x", 'y"z'])
    shared.run("truncate contact_groups")
    with undone(shared, "contacts"):
        shared.run("truncate contacts cascade")


def test_undoing_never_runs_by_itself(shared: Database) -> None:
    seed(shared)
    new = watch(shared)
    shared.run("delete from contacts where id = 2")
    before = rows_of(shared, "contacts")
    for event in new():
        shared.run("select audit.restore_sql(%s)", event["event_id"])
    assert rows_of(shared, "contacts") == before


def test_a_change_to_masked_values_only_cannot_be_given_back_and_says_so(shared: Database) -> None:
    seed(shared)
    new = watch(shared)
    shared.run("update users set password_hash = 'another' where id = 1")
    (event,) = new()
    statement = undo(shared, event)
    assert statement.startswith("-- Only values that are never stored were changed in public.users")
    assert shared.value("select password_hash from users where id = 1") == "another"


def test_undoing_leaves_columns_that_the_event_did_not_change_as_they_are_now(shared: Database) -> None:
    seed(shared)
    new = watch(shared)
    shared.run("update contacts set phone = '1' where id = 1")
    (event,) = new()
    shared.run("update contacts set last_name = 'Later' where id = 1")
    undo(shared, event)
    assert shared.run("select phone, last_name from contacts where id = 1") == [(None, "Later")]


def test_generated_and_identity_columns_do_not_stand_in_the_way_of_undoing(db: Database) -> None:
    db.run(
        "create table sums (id int generated always as identity primary key, a int, "
        "twice int generated always as (a * 2) stored)"
    )
    db.run("select audit.track('sums')")
    db.run("insert into sums (a) values (1), (2)")
    with undone(db, "sums"):
        db.run("update sums set a = 5 where id = 1")
        db.run("delete from sums where id = 2")


@pytest.mark.parametrize("event_id", [-1, None])
def test_undoing_an_event_that_is_not_there_is_refused(shared: Database, event_id: int | None) -> None:
    with refused("P0002", "audit.restore_sql: there is no event", hint="first column of audit.report"):
        shared.run("select audit.restore_sql(%s)", event_id)


def test_undoing_an_event_that_changed_no_row_is_refused(shared: Database) -> None:
    event = shared.value("select max(event_id) from audit.events where action = 'configure'")
    with refused("22023", 'is "configure", which changed no row', hint="insert, update, delete and truncate"):
        shared.run("select audit.restore_sql(%s)", event)


def test_undoing_in_a_table_that_is_no_longer_tracked_is_refused(db: Database) -> None:
    db.run("insert into contacts (id) values (1)")
    event = db.last()["event_id"]
    db.run("select audit.untrack('contacts')")
    with refused("42704", "contacts is not tracked"):
        db.run("select audit.restore_sql(%s)", event)
