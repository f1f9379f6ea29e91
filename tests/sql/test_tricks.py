"""Tricks of those who may write: none keeps a change from the log, changes what it says, or doubles it."""

from __future__ import annotations

import psycopg
import pytest

from tests.conftest import Database
from tests.sql.support import watch

PARTED = """
create table parted (id integer primary key, v text) partition by range (id);
create table low partition of parted for values from (0) to (10);
create table high partition of parted for values from (10) to (20);
select audit.track('parted');
grant all on parted to public
"""
#: What a session may put where capture notes which delete came before: {last} is the number of a real one.
FORGED = ["{last}", "-1", "0", "9" * 18, "9" * 40, "1e3", "", "not a number", "'; drop table parted", "x" * 1_000_000]


@pytest.mark.parametrize("forged", FORGED, ids=lambda text: text[:12] or "empty")
def test_no_setting_makes_a_delete_and_an_insert_a_move(passing: Database, forged: str) -> None:
    passing.run(PARTED)
    passing.run("insert into parted values (1, 'a')")
    new = watch(passing)
    passing.run("delete from parted where id = 1")
    value = forged.format(last=new()[-1]["event_id"])
    for name in ("audit.moving", *(f"audit.last_delete_{depth}" for depth in range(3))):
        passing.run("select set_config(%s, %s, false)", name, value)
    passing.run("insert into parted values (1, 'a'), (11, 'a')")
    assert sorted((e["action"], e["record_id"]) for e in new()) == [("delete", "1"), ("insert", "1"), ("insert", "11")]


@pytest.mark.parametrize("forged", FORGED, ids=lambda text: text[:12] or "empty")
def test_no_setting_keeps_a_move_from_being_written(passing: Database, forged: str) -> None:
    passing.run(PARTED)
    passing.run("insert into parted values (1, 'a')")
    for name in ("audit.moving", *(f"audit.last_delete_{depth}" for depth in range(3))):
        passing.run("select set_config(%s, %s, false)", name, forged.format(last=passing.last()["event_id"]))
    new = watch(passing)
    passing.run("update parted set id = 11")
    assert [(e["action"], e["record_id"], e["changed_fields"]) for e in new()] == [("update", "1", ["id"])]


def test_a_security_barrier_view_writes_what_its_table_records_and_its_functions_see_nothing_of_the_log(
    db: Database,
) -> None:
    db.run(
        "create table visited (n bigint); grant all on visited to app; "
        "create function leaky(text) returns boolean language plpgsql cost 0.0000001 as "
        "$$begin insert into visited select count(*) from audit.log; return true; "
        "exception when insufficient_privilege then return true; end$$; "
        "create view visible with (security_barrier) as select * from contacts where leaky(email) with check option; "
        "grant all on visible to app"
    )
    app = db.connect()
    new = watch(db)
    app.execute("insert into visible (first_name, last_name) values ('Ada', 'Lovelace')")
    app.execute("update visible set phone = '1' where leaky(last_name) and first_name = 'Ada'")
    app.execute("delete from visible where leaky(last_name) and first_name = 'Ada'")
    assert [(e["action"], e["record_label"], e["db_user"]) for e in new()] == [
        (action, "Ada Lovelace", "app") for action in ("insert", "update", "delete")
    ]
    assert db.run("select * from visited") == []


def test_triggers_within_triggers_are_captured_at_any_depth(passing: Database) -> None:
    passing.run(
        "create table deep (id integer primary key, level integer); select audit.track('deep'); "
        "create function deeper() returns trigger language plpgsql as $$begin "
        "if pg_trigger_depth() < 20 then insert into deep values (new.id + 1, pg_trigger_depth()); end if; "
        "update deep set level = -1 where id = new.id; return null; end$$; "
        "create trigger deeper after insert on deep for each row when (pg_trigger_depth() < 20) execute function deeper()"
    )
    new = watch(passing)
    passing.run("insert into deep values (1, 0)")
    inserted = [e["record_id"] for e in new() if e["action"] == "insert"]
    assert inserted == [str(n) for n in range(1, 21)]
    of_each = [[e["action"] for e in new() if e["record_id"] == key] for key in inserted]
    assert of_each == [["insert", "update"]] * 20


def test_a_recursion_without_end_fails_and_leaves_nothing(db: Database) -> None:
    db.run(
        "create table deep (id integer); select audit.track('deep'); "
        "create function deeper() returns trigger language plpgsql as "
        "$$begin insert into deep values (new.id + 1); return null; end$$; "
        "create trigger deeper after insert on deep for each row execute function deeper()"
    )
    new = watch(db)
    with pytest.raises(psycopg.errors.StatementTooComplex):
        db.run("set max_stack_depth = '200kB'; insert into deep values (1)")
    assert new() == []
