"""Capture begins and ends while others write: nothing is missed at the border, and nobody waits for long."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from tests.conftest import Database
from tests.sql.support import refused, watch
from webapp.cli import main

ROWS = 20_000
#: How long a writer may wait for a lock that tracking takes, on a machine that is busy with other tests too.
PATIENCE = "lock_timeout = '15s'"

TABLES = {
    "plain": "create table busy (id bigint primary key, v integer, note text)",
    "partitioned": "create table busy (id bigint primary key, v integer, note text) partition by hash (id); "
    "create table busy_0 partition of busy for values with (modulus 2, remainder 0); "
    "create table busy_1 partition of busy for values with (modulus 2, remainder 1)",
}


@pytest.fixture(params=TABLES)
def busy(request: pytest.FixtureRequest, db: Database) -> Database:
    db.run(TABLES[request.param])
    db.run(f"insert into busy select n, 0, 'a note that makes it longer' from generate_series(1, {ROWS}) n")
    db.run("grant all on busy to app; grant create on schema public to admin")
    return db


class Writer(threading.Thread):
    """Inserts, updates, deletes and changes keys, until told to stop; fails when it has to wait."""

    def __init__(self, db: Database, number: int) -> None:
        super().__init__()
        self.random = random.Random(number)
        self.connection = db.connect("app", autocommit=False, application_name=f"writer-{number}")
        self.connection.execute(f"set {PATIENCE}".encode())
        self.connection.commit()
        self.next_id = ROWS + 1 + number * 10_000_000
        self.done = threading.Event()
        self.failed: Exception | None = None
        self.longest = 0.0
        self.transactions = 0

    def run(self) -> None:
        try:
            while not self.done.is_set():
                began = time.monotonic()
                for _ in range(self.random.randint(1, 4)):
                    self._write()
                self.connection.commit() if self.random.random() < 0.9 else self.connection.rollback()
                self.longest = max(self.longest, time.monotonic() - began)
                self.transactions += 1
        except psycopg.errors.DeadlockDetected:
            self.connection.rollback()
            self.run()
        except Exception as error:
            self.failed = error

    def _write(self) -> None:
        at = self.random.randint(1, ROWS)
        self.next_id += 1
        kind = self.random.choice(["insert", "update", "update", "delete", "delete and insert", "key"])
        if kind == "insert":
            self.connection.execute("insert into busy values (%s, 1, 'new')", (self.next_id,))
        elif kind == "update":
            self.connection.execute("update busy set v = v + 1 where id = %s", (at,))
        elif kind == "key":
            self.connection.execute("update busy set id = %s where id = %s", (self.next_id, at))
        else:
            self.connection.execute("delete from busy where id = %s", (at,))
            if kind != "delete":
                self.connection.execute("insert into busy values (%s, -1, 'again') on conflict do nothing", (at,))


@contextmanager
def writers(db: Database) -> Generator[list[Writer]]:
    """Two of them, at work when the block begins and until it has ended."""
    threads = [Writer(db, number) for number in (1, 2)]
    for thread in threads:
        thread.start()

    def go_on(more: int = 20) -> None:
        goals = [thread.transactions + more for thread in threads]
        while any(t.is_alive() and t.transactions < goal for t, goal in zip(threads, goals, strict=True)):
            time.sleep(0.01)

    go_on()
    try:
        yield threads
        go_on()
    finally:
        for thread in threads:
            thread.done.set()
        for thread in threads:
            thread.join()
    assert [thread.failed for thread in threads] == [None, None]


def replayed(db: Database, events: list[dict[str, Any]]) -> dict[int, Any]:
    """The table as its events tell it, in their order, starting from nothing but what they say themselves."""
    rows: dict[int, Any] = {}
    known: set[int] = set()
    for event in sorted(events, key=lambda e: (e["occurred_at"], e["event_id"])):
        if (before := event["before"]) is not None:
            # A row that nothing told of yet is older than capture; of any other, what is told must fit.
            assert before["id"] not in known or rows.pop(before["id"]) == before, event
            known.add(before["id"])
        if (after := event["after"]) is not None:
            assert after["id"] not in rows, f"two rows under one key: {event}"
            rows[after["id"]] = after
            known.add(after["id"])
    return rows


def told(db: Database, condition: str = "true") -> list[dict[str, Any]]:
    names = ("event_id", "occurred_at", "action", "before", "after")
    return [
        dict(zip(names, (e, at, action, json.loads(before or "null"), json.loads(after or "null")), strict=True))
        for e, at, action, before, after in db.run(
            f"select event_id, occurred_at, action, before::text, after::text from audit.events where table_name = 'busy' and action <> 'configure' and {condition}"
        )
    ]


def table(db: Database) -> dict[int, Any]:
    return {row["id"]: row for (row,) in db.run("select to_jsonb(b) from busy b")}


def auditlog(db: Database, *arguments: str) -> None:
    done = CliRunner().invoke(main, arguments, env={"AUDITLOG_DATABASE_URL": db.url})
    assert done.exit_code == 0, done.output


def test_a_baseline_of_a_busy_table_and_the_events_after_it_tell_exactly_the_table(busy: Database) -> None:
    with writers(busy):
        auditlog(busy, "track", "busy", "--baseline")
    events = told(busy)
    assert len([e for e in events if e["action"] == "baseline"]) > ROWS // 2
    assert {"baseline", "insert", "update", "delete"} == {e["action"] for e in events}
    assert replayed(busy, events) == table(busy)
    differences = (
        "select count(*) from (select to_jsonb(b) from busy b except all "
        "select to_jsonb(b) from audit.as_of(null::busy, clock_timestamp()) b) d"
    )
    assert busy.value(differences) == 0
    assert busy.value("select count(*) from audit.as_of(null::busy, clock_timestamp())") == len(table(busy))
    assert busy.run("select from audit.status() where problem is not null") == []


def test_a_table_is_tracked_and_untracked_again_and_again_under_writers_and_each_time_whole(busy: Database) -> None:
    with writers(busy):
        for _ in range(3):
            auditlog(busy, "track", "busy")
            time.sleep(0.2)
            auditlog(busy, "untrack", "busy")
    assert busy.run("select from audit.status() where problem is not null") == []
    # Between a track and its untrack, each row's images join without a gap.
    borders = [
        at
        for (at,) in busy.run(
            "select occurred_at from audit.events where context -> 'configure' ->> 'did' in ('track', 'untrack') and entity = 'busy' order by 1"
        )
    ]
    assert len(borders) == 6
    events = told(busy)
    assert events
    for began, ended in zip(borders[::2], borders[1::2], strict=True):
        replayed(busy, [e for e in events if began <= e["occurred_at"] <= ended])


def test_a_writer_that_has_not_committed_when_rows_are_read_comes_after_the_baseline(db: Database) -> None:
    db.run(
        "create table slow (id integer primary key, v integer); insert into slow select n, 0 from generate_series(1, 6) n"
    )
    db.run("grant all on slow to app; select audit.track('slow')")
    app = db.connect("app", autocommit=False)
    app.execute("update slow set v = 1 where id = 1")
    app.execute("delete from slow where id = 2")
    app.execute("update slow set id = 30 where id = 3")
    app.execute("insert into slow values (7, 7)")
    db.run("update slow set v = 4 where id = 4; update slow set id = 50 where id = 5")
    new = watch(db)
    assert db.value("select audit.record_baseline('slow', only_older => true)") == 4  # 1, 2, 3 as they were, and 6
    assert {(e["action"], e["record_id"]) for e in new()} == {("baseline", str(n)) for n in (1, 2, 3, 6)}
    app.commit()
    assert sorted(db.run("select * from audit.as_of(null::slow, clock_timestamp())")) == sorted(
        db.run("select * from slow")
    )
    assert db.value("select audit.record_baseline('slow', only_older => true)") == 0
    since = db.value("select since from audit.tracked where table_name = 'slow'")
    assert {e["occurred_at"] for e in new() if e["action"] == "baseline"} == {since}


def test_nobody_waits_while_the_rows_are_read(busy: Database) -> None:
    busy.run("select audit.track('busy')")
    reader, writer = busy.connect("postgres", autocommit=False), busy.connect()
    reader.execute("select audit.record_baseline('busy', only_older => true)")
    held = "select distinct mode from pg_locks where pid = %s and relation in (select relid from pg_partition_tree('busy') union select 'busy'::regclass)"
    assert busy.run(held, reader.info.backend_pid) == [("AccessShareLock",)]
    writer.execute("set lock_timeout = '1s'")
    writer.execute("update busy set v = 1 where id = 1; insert into busy values (0, 0); delete from busy where id = 2")
    reader.commit()
    assert busy.value("select count(*) from audit.log where action in ('b', 'i', 'u', 'd')") == ROWS + 3
    assert replayed(busy, told(busy, "record_id in ('0', '1', '2', '3')")) == {
        i: r for i, r in table(busy).items() if i <= 3
    }


@pytest.mark.parametrize(
    ("call", "mode"), [("track", "ShareRowExclusiveLock"), ("untrack", "AccessExclusiveLock")], ids=["track", "untrack"]
)
def test_what_makes_writers_wait_reads_no_row_so_that_they_wait_no_longer_for_a_larger_table(
    busy: Database, call: str, mode: str
) -> None:
    if call == "untrack":
        busy.run("select audit.track('busy')")
    # Found beforehand: who asks for a table by its name waits as well.
    parts = busy.value("select array_agg(oid) from pg_class where relname ~ '^busy(_.)?$'")
    with writers(busy) as threads:
        pids = [thread.connection.info.backend_pid for thread in threads]
        tracking = busy.connect("postgres", autocommit=False)
        tracking.execute(f"select audit.{call}('busy')".encode())
        held = {
            held
            for (held,) in busy.run(
                "select mode from pg_locks where pid = %s and granted and relation = any(%s)",
                tracking.info.backend_pid,
                parts,
            )
        }
        assert mode in held
        assert call == "untrack" or "AccessExclusiveLock" not in held, "who reads does not wait"
        read = tracking.execute(
            "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_all_tables where relid = any(%s)",
            [parts],
        ).fetchone()
        assert read == (0,)
        waiting: list[tuple[Any, ...]] = []
        while len(waiting) < len(pids) and all(thread.is_alive() for thread in threads):
            waiting = busy.run(
                "select l.mode, pg_blocking_pids(l.pid) from pg_locks l where l.pid = any(%s) and not l.granted", pids
            )
        assert waiting == [("RowExclusiveLock", [tracking.info.backend_pid])] * len(pids)
        tracking.commit()


def test_the_command_reads_the_rows_in_a_transaction_after_the_one_that_makes_the_triggers(things: Database) -> None:
    auditlog(things, "track", "things", "--baseline")
    (tracked,) = {e["xact_id"] for e in things.events("action = 'configure' and entity = 'things'")}
    (read,) = {e["xact_id"] for e in things.events("action = 'baseline'")}
    assert read != tracked


@pytest.mark.parametrize(
    "columns", ["id integer, v integer", "id integer primary key, v integer"], ids=["no key", "parent"]
)
def test_rows_that_no_key_tells_apart_are_read_while_writers_wait(db: Database, columns: str) -> None:
    db.run(f"create table odd ({columns}); insert into odd values (1, 5), (2, 5)")
    parent = [] if "primary" not in columns else ["--parent", "v"]
    auditlog(db, "track", "odd", "--baseline", *parent)
    assert [e["action"] for e in db.events()] == ["baseline", "baseline"]
    with refused("0A000", "rows of public.odd are not told apart by their record_id", hint="baseline => true"):
        db.run("select audit.record_baseline('odd', only_older => true)")


@pytest.mark.at_scale
def test_a_large_table_is_tracked_under_writers_and_nothing_is_missed_at_the_border(db: Database) -> None:
    db.run(TABLES["plain"])
    db.run("insert into busy select n, 0, 'a note that makes it longer' from generate_series(1, 300000) n")
    db.run("grant all on busy to app")
    with writers(db):
        auditlog(db, "track", "busy", "--baseline")
    assert db.value("select count(*) from audit.log where action = 'b'") > 270_000
    # What the last event about each key says of it, whichever row bore that key, is what there is now.
    differences = """
      with told as (
        select split_part(substr(new_row, 2), ',', 1)::bigint as id, new_row as stands, occurred_at, event_id from audit.log
        where action in ('b', 'i', 'u', 'k')
        union all
        select split_part(substr(old_row, 2), ',', 1)::bigint, null, occurred_at, event_id from audit.log
        where action in ('k', 'd')
      ), last as (
        select distinct on (id) id, stands from told order by id, occurred_at desc, event_id desc
      )
      select count(*) from busy b full join last l using (id) where l.stands is distinct from b::text"""
    assert db.value(differences) == 0
    assert db.run("select from audit.status() where problem is not null") == []
    db.run("delete from busy where id > 10000000")  # where writers start again
    with writers(db):
        auditlog(db, "untrack", "busy")
    assert db.run("select from audit.tracked where table_name = 'busy'") == []
