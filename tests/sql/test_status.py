"""What audit.status() says when capture is no longer whole."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import configured, status, unfollowed, watch


@pytest.fixture
def db(passing: Database) -> Database:
    return passing


DRIFTS = {
    "added": ("add extra text", ["extra text"]),
    "dropped": ("drop colour", ["colour text"]),
    "label dropped": ("drop name", ["name text"]),
    "renamed": ("rename colour to tint", ["colour text", "tint text"]),
    "label renamed": ("rename name to title", ["name text", "title text"]),
    "key dropped": ("drop id", ["id integer"]),
    "key renamed": ("rename id to number", ["id integer", "number integer"]),
    "type changed": ("alter colour type varchar(9)", ["colour character varying", "colour text"]),
}


@pytest.mark.parametrize(("change", "drifted"), DRIFTS.values(), ids=DRIFTS)
def test_changed_columns_leave_the_table_writable_and_captured_and_status_says_so(
    things: Database, change: str, drifted: list[str]
) -> None:
    unfollowed(things)
    things.run("select audit.track('things', 'thing', label => '{name}')")
    things.run("update things set pin = 'before'")  # plans are cached by now
    things.run(f"alter table things {change}")
    new = watch(things)
    things.run("update things set pin = 'after'")
    things.run("delete from things")
    assert [e["action"] for e in new()] == ["update", "update", "delete", "delete"]
    now = status(things, "public.things")
    assert sorted(now["drifted_columns"]) == drifted
    assert "Columns have changed" in now["problem"]
    things.run("select audit.track('things', 'thing')")
    assert status(things, "public.things")["problem"] is None


FAULTS = {
    "update trigger disabled": (
        'alter table things disable trigger "!audit_capture_updates"',
        "enabled_always",
        "switched off",
    ),
    "all triggers disabled": ("alter table things disable trigger all", "enabled_always", "switched off"),
    "trigger not for replicas": (
        'alter table things enable trigger "!audit_capture_deletes"',
        "enabled_always",
        "switched off",
    ),
    "truncate trigger disabled": (
        'alter table things disable trigger "~audit_capture_truncate"',
        "enabled_always",
        "switched off",
    ),
    "insert trigger disabled": (
        'alter table things disable trigger "!audit_capture_inserts"',
        "enabled_always",
        "switched off",
    ),
    "replication trigger always": (
        'alter table things enable always trigger "!audit_capture_replicated"',
        "enabled_always",
        "switched off",
    ),
    "insert trigger dropped": ('drop trigger "!audit_capture_inserts" on things', "triggers_present", "missing"),
    "delete trigger dropped": ('drop trigger "!audit_capture_deletes" on things', "triggers_present", "missing"),
    "update trigger dropped": ('drop trigger "!audit_capture_updates" on things', "triggers_present", "missing"),
    "truncate trigger dropped": ('drop trigger "~audit_capture_truncate" on things', "triggers_present", "missing"),
    "function replaced": (
        "create or replace function audit.{row}() returns trigger language plpgsql as 'begin return null; end'",
        "function_unchanged",
        "not the one",
    ),
    "insert function replaced": (
        "create or replace function audit.{row}_inserts() returns trigger language plpgsql as 'begin return null; end'",
        "function_unchanged",
        "not the one",
    ),
    "update function replaced": (
        "create or replace function audit.{row}_updates() returns trigger language plpgsql as 'begin return null; end'",
        "function_unchanged",
        "not the one",
    ),
    "function's settings": (
        "alter function audit.{row}() set search_path = public",
        "function_unchanged",
        "not the one",
    ),
    "function's owner": ("alter function audit.{row}() owner to postgres", "function_unchanged", "not the one"),
    "function's security": ("alter function audit.{row}() security invoker", "function_unchanged", "not the one"),
}


@pytest.mark.parametrize(("fault", "column", "problem"), FAULTS.values(), ids=FAULTS)
def test_status_sees_what_is_wrong_with_capture_and_says_what_to_do(
    things: Database, fault: str, column: str, problem: str
) -> None:
    things.run("select audit.track('things', 'thing')")
    assert status(things, "public.things") == {
        "triggers_present": True,
        "enabled_always": True,
        "function_unchanged": True,
        "drifted_columns": [],
        "problem": None,
    }
    row = things.value("select row_function from audit.tracked where table_name = 'things'")
    things.run(fault.format(row=row))
    now = status(things, "public.things")
    assert now[column] is False
    assert problem in now["problem"]
    assert now["problem"].endswith(": run audit.track('public.things') again.")


@pytest.mark.parametrize("fault", [f for f in FAULTS if f != "function's owner"])
def test_tracking_again_mends_capture(things: Database, fault: str) -> None:
    things.run("select audit.track('things', 'thing')")
    row = things.value("select row_function from audit.tracked where table_name = 'things'")
    things.run(FAULTS[fault][0].format(row=row))
    things.run("select audit.track('things', 'thing')")
    assert status(things, "public.things")["problem"] is None
    new = watch(things)
    things.run("delete from things where id = 1")
    things.run("truncate things")
    assert [e["action"] for e in new()] == ["delete", "truncate"]


@pytest.mark.parametrize("change", ["rename to stuff", "set schema elsewhere"])
def test_status_sees_a_table_that_went_by_another_name(things: Database, change: str) -> None:
    things.run("create schema elsewhere")
    things.run("select audit.track('things', 'thing')")
    unfollowed(things)
    things.run(f"alter table things {change}")
    assert "name or key has changed" in status(things, "public.things")["problem"]
    new = watch(things)
    things.run("delete from elsewhere.things" if "schema" in change else "delete from stuff")
    assert {(e["schema_name"], e["table_name"]) for e in new()} == {
        ("elsewhere", "things") if "schema" in change else ("public", "stuff")
    }


def test_status_sees_a_table_that_is_gone(things: Database) -> None:
    things.run("select audit.track('things', 'thing')")
    unfollowed(things)
    things.run("drop table things cascade")
    assert "The table is gone" in status(things, "public.things")["problem"]
    assert things.value("select audit.forget_dropped_tables()") == 1
    assert things.run("select from audit.status() where problem is not null") == []
    assert configured(things)[-1] == {"did": "drop", "schema_name": "public", "table_name": "things"}


def test_status_sees_rows_in_the_default_partition(db: Database) -> None:
    assert db.run("select from audit.status() where problem is not null") == []
    db.run(
        "insert into audit.log (occurred_at, shape_id, action) values ('2099-01-01', audit.find_subject('report'), 'v')"
    )
    assert "default partition" in status(db, "audit.log_default")["problem"]


@pytest.mark.parametrize("guard", ["refuse_mutation", "refuse_truncate"])
def test_status_sees_that_the_log_is_no_longer_guarded(db: Database, guard: str) -> None:
    db.run(f"alter table audit.log disable trigger {guard}")
    assert "append-only is switched off" in status(db, "audit.log")["problem"]


def test_status_tells_when_a_table_was_last_written_to(things: Database) -> None:
    things.run("select audit.track('things', 'thing')")
    last = "select last_event from audit.status() where table_name = 'public.things'"
    assert things.value(last) is None
    things.run("delete from things")
    assert things.value(last) == things.last()["occurred_at"]
