"""A database that is dumped and restored has its log, whole, and capture goes on in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import Database
from tests.sql.support import seed, status, watch
from webapp import migrations
from webapp.embedded import EmbeddedServer

Run = Callable[..., None]


@pytest.fixture
def run(db: Database, own_server: EmbeddedServer) -> Run:
    """Runs a program of the server's own version."""
    where = conninfo_to_dict(db.url)
    settings = {"PGHOST": str(where["host"]), "PGPORT": str(where["port"]), "PGUSER": str(where["user"])}

    def run(name: str, *arguments: str) -> None:
        command = [str(own_server.program(name)), *arguments]
        done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{name} {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        assert done.stderr == ""

    return run


@pytest.fixture
def used(db: Database) -> Database:
    """The reference tables and some more under capture, with a history."""
    seed(db)
    db.run("select audit.set_actor('42', 'Priya')")
    db.run(
        "create type mood as enum ('sad', 'glad'); create table things (id integer primary key, pin text, mood mood, tags text[], doc jsonb)"
    )
    db.run("select audit.track('things', 'thing', mask => '{pin}')")
    db.run(
        "insert into things values (1, 'secret', 'sad', '{a,NULL}', '{\"a\": [1.0]}'), (2, 'secret', 'glad', null, null)"
    )
    db.run("create table parted (id integer, year integer, v text, primary key (id, year)) partition by range (year)")
    db.run(
        "create table parted_a partition of parted for values from (2000) to (2020); create table parted_b partition of parted default"
    )
    db.run("select audit.track('parted')")
    db.run("insert into parted values (1, 2001, 'a'), (2, 2001, 'b'); update parted set year = 2030 where id = 1")
    db.run(
        "update things set pin = 'other', mood = 'glad' where id = 1; alter table things drop tags; delete from things where id = 2"
    )
    db.run("insert into contacts (id, first_name, notes) values (9, 'Large', repeat('x', 2000000))")
    return db


@pytest.fixture
def dump(used: Database, run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "dump"
    run("pg_dump", "--format=custom", f"--file={file}", used.superuser.info.dbname)
    return file


@pytest.fixture
def restored(dump: Path, blank: str, run: Run) -> Iterator[Database]:
    run("pg_restore", "--exit-on-error", f"--dbname={conninfo_to_dict(blank)['dbname']}", str(dump))
    with psycopg.connect(blank, autocommit=True) as superuser:
        database = Database(blank, superuser)
        yield database
        database.close()


def test_every_event_reads_the_same_in_the_copy(used: Database, restored: Database) -> None:
    for relation in ("audit.events", "audit.report"):
        before, after = (db.run(f"select * from {relation} order by event_id") for db in (used, restored))
        assert before == after
        assert len(after) > 20
    now = used.value("select clock_timestamp()")
    for table in ("things", "parted", "contacts"):
        rows = f"select * from audit.as_of(null::{table}, %s) order by id"
        assert restored.run(rows, now) == used.run(rows, now) != []


def test_capture_is_whole_in_the_copy_and_says_so(used: Database, restored: Database) -> None:
    said = "select table_name, entity, triggers_present, enabled_always, function_unchanged, drifted_columns, problem from audit.status()"
    assert restored.run(said) == used.run(said)
    assert restored.run("select from audit.status() where problem is not null") == []
    migrations.require_current(restored.superuser)


def test_capture_goes_on_in_the_copy(restored: Database) -> None:
    new = watch(restored)
    app = restored.connect()
    app.execute("select audit.set_actor('43')")
    app.execute("update contacts set phone = '1' where id = 1")
    restored.run("insert into things values (3, 'secret', 'sad', '{}')")
    restored.run("update parted set year = 2001 where id = 1")
    restored.run("truncate things")
    events = new()
    assert [(e["action"], e["table_name"], e["record_id"]) for e in events] == [
        ("update", "contacts", "1"), ("insert", "things", "3"), ("update", "parted", "[1, 2030]"),
        ("truncate", "things", "1"), ("truncate", "things", "3")]  # fmt: skip
    assert (events[0]["before"]["phone"], events[0]["after"]["phone"]) == (None, "1")
    assert "secret" not in str(events)


def test_capture_follows_its_tables_in_the_copy_and_can_be_changed_there(restored: Database) -> None:
    restored.run(
        "alter table things add size integer; create table parted_c partition of parted for values from (2040) to (2041)"
    )
    assert restored.run("select from audit.status() where problem is not null") == []
    restored.run("create table more (id integer primary key); select audit.track('more')")
    new = watch(restored)
    restored.run("insert into more values (1); insert into parted values (7, 2040, 'x'); truncate parted_c")
    assert [(e["action"], e["table_name"]) for e in new()] == [
        ("insert", "more"),
        ("insert", "parted"),
        ("truncate", "parted"),
    ]
    restored.run("select audit.untrack('things'); drop table things")
    assert migrations.migrate(restored.url) == []


def test_the_log_is_append_only_in_the_copy(restored: Database) -> None:
    for statement in ("delete from audit.log", "update audit.log set db_user = 'x'", "truncate audit.log"):
        with pytest.raises(psycopg.Error, match="append-only"):
            restored.run(statement)


# -- rows alone ----------------------------------------------------------------------------------


@pytest.fixture
def contacts_only(used: Database, run: Run, tmp_path: Path) -> Path:
    """The rows of contacts in a file, and no longer in the table."""
    file = tmp_path / "contacts"
    run("pg_dump", "--format=custom", "--data-only", "--table=contacts", f"--file={file}", used.superuser.info.dbname)
    used.run("truncate contacts cascade")
    return file


def test_rows_that_are_restored_alone_are_recorded_one_by_one(used: Database, contacts_only: Path, run: Run) -> None:
    new = watch(used)
    run("pg_restore", "--data-only", f"--dbname={used.superuser.info.dbname}", str(contacts_only))
    assert {(e["action"], e["table_name"], e["db_user"]) for e in new()} == {("insert", "contacts", "postgres")}
    assert sorted(e["record_id"] for e in new()) == ["1", "2", "9"]


def test_rows_that_are_restored_with_triggers_disabled_leave_it_on_record_and_status_says_so(
    used: Database, contacts_only: Path, run: Run
) -> None:
    new = watch(used)
    run("pg_restore", "--data-only", "--disable-triggers", f"--dbname={used.superuser.info.dbname}", str(contacts_only))
    told: list[Any] = [e["context"]["configure"] for e in new()]
    assert [(t["did"], t["table_name"]) for t in told] == [("break", "contacts")]
    assert "switched off" in status(used, "public.contacts")["problem"]
    used.run("select audit.track('contacts', baseline => true)")
    assert sorted(e["record_id"] for e in new() if e["action"] == "baseline") == ["1", "2", "9"]
    assert status(used, "public.contacts")["problem"] is None
