"""Logical replication from one server to another: each side captures what happens on it, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from pytest_postgresql.executors import NoopExecutor

from tests.clients.places import new_place
from tests.conftest import SERVER_SETTINGS, Database, cloned
from tests.sql.support import told, watch
from webapp import migrations
from webapp.embedded import EmbeddedServer

#: Split at another number on each side, so that a row may move on both, on one of them, or on none.
STOCK = """
create table stock (id integer primary key, amount integer) partition by range (id);
create table stock_low partition of stock for values from (minvalue) to ({split});
create table stock_high partition of stock for values from ({split}) to (maxvalue);
create table notes (id integer primary key, amount integer);
select audit.track('stock'), audit.track('notes');
"""
WAITING = 60  # seconds; a test that waits so long has failed


@dataclass
class Pair:
    """A server that publishes and another that subscribes, with the same tables under capture."""

    publisher: Database
    subscriber: Database

    def run(self, statement: str) -> None:
        """On the publisher, and then on the subscriber too."""
        self.publisher.run(statement)
        self.wait(self.publisher, "select confirmed_flush_lsn >= %s from pg_replication_slots where slot_name = 'pair'",
                  self.publisher.value("select pg_current_wal_insert_lsn()"))  # fmt: skip

    def wait(self, database: Database, condition: str, *values: object) -> None:
        for _ in range(WAITING * 100):
            if database.value(condition, *values):
                return
            database.run("select pg_sleep(0.01)")
        pytest.fail(f"never came true: {condition}")

    def watch(self) -> Callable[[], tuple[list[tuple[object, ...]], list[tuple[object, ...]]]]:
        """What the events of both sides say from now on."""
        here, there = watch(self.publisher), watch(self.subscriber)
        return lambda: (list(told(here())), list(told(there())))


@pytest.fixture(scope="module")
def pair(server: NoopExecutor, own_server: EmbeddedServer, bin_dir: Path | None) -> Iterator[Pair]:
    with (
        new_place() as place,
        EmbeddedServer(place / "publisher", bin_dir=bin_dir, settings=SERVER_SETTINGS) as other,
        cloned(server, "subscriber") as there,
        psycopg.connect(other.url(), autocommit=True) as publishing,
        psycopg.connect(there, autocommit=True) as subscribing,
    ):
        migrations.migrate(other.url())
        made = Pair(Database(other.url(), publishing), Database(there, subscribing))
        made.publisher.run(STOCK.format(split=50))
        made.publisher.run("create role shop login; grant all on stock, notes to shop")
        made.publisher.run("insert into stock values (-1, 5), (-2, 6), (101, 7); insert into notes values (-1, 8)")
        made.publisher.run(
            "create publication everything for table stock, notes with (publish_via_partition_root = true)"
        )
        # Its tables belong to somebody else than the subscription.
        made.subscriber.run("create role keeper; grant create on schema public to keeper; set role keeper")
        made.subscriber.run(STOCK.partition("select audit")[0].format(split=80))
        made.subscriber.run("reset role; select audit.track('stock'), audit.track('notes')")
        address = make_conninfo(other.url(), application_name="branch")
        made.subscriber.run(f"create subscription pair connection '{address}' publication everything")
        try:
            made.wait(made.subscriber, "select bool_and(srsubstate = 'r') and count(*) = 2 from pg_subscription_rel")
            yield made
        finally:
            made.subscriber.run("drop subscription pair")
            made.subscriber.run("drop owned by keeper cascade; drop role keeper")


def test_the_initial_copy_is_an_insert_of_each_row(pair: Pair) -> None:
    copied = pair.subscriber.events("action = 'insert' and record_id in ('-1', '-2', '101')")
    assert told(copied) == [
        ("insert", "-1", None, 5), ("insert", "-1", None, 8), ("insert", "-2", None, 6), ("insert", "101", None, 7),
    ]  # fmt: skip


@pytest.mark.parametrize("table", ["stock", "notes"])
def test_each_change_that_is_applied_is_one_event_and_one_that_changes_nothing_is_none(pair: Pair, table: str) -> None:
    new = pair.watch()
    pair.run(
        f"insert into {table} select n, n from generate_series(1, 3) n; update {table} set amount = 20 where id = 2; "
        f"update {table} set amount = amount where id in (1, 2, 3); update {table} set id = 4 where id = 3; "
        f"delete from {table} where id in (1, 2, 4)"
    )
    here, there = new()
    assert here == there == [
        ("delete", "1", 1, None), ("delete", "2", 20, None), ("delete", "4", 3, None),
        ("insert", "1", None, 1), ("insert", "2", None, 2), ("insert", "3", None, 3),
        ("update", "2", 2, 20), ("update", "3", 3, 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "applied"),
    [
        # What moves where it is written arrives as a delete and an insert, wherever it belongs here.
        (40, 60, [("delete", "40", 1, None), ("insert", "60", None, 1)]),
        (40, 90, [("delete", "40", 1, None), ("insert", "90", None, 1)]),
        # What moves only here arrives as an update.
        (60, 90, [("update", "60", 1, 1)]),
    ],
    ids=["there", "on both", "here"],
)
def test_a_row_that_moves_to_another_partition_is_told_as_it_arrives(
    pair: Pair, start: int, end: int, applied: list[tuple[object, ...]]
) -> None:
    pair.run(f"insert into stock values ({start}, 1)")
    new = pair.watch()
    pair.run(f"update stock set id = {end} where id = {start}")
    assert new() == ([("update", str(start), 1, 1)], applied)
    pair.run(f"delete from stock where id = {end}")


@pytest.mark.parametrize("table", ["stock", "notes"])
def test_a_truncate_that_is_applied_records_each_row(pair: Pair, table: str) -> None:
    pair.run(f"truncate {table}; insert into {table} values (8, 1), (99, 2)")
    new = pair.watch()
    pair.run(f"truncate {table}")
    here, there = new()
    assert here == there == [("truncate", "8", 1, None), ("truncate", "99", 2, None)]


def test_the_writer_is_named_where_it_wrote_and_the_subscription_where_it_was_applied(pair: Pair) -> None:
    here, there = watch(pair.publisher), watch(pair.subscriber)
    with pair.publisher.connect("shop", application_name="till") as shop:
        shop.execute("select set_config('audit.actor_id', '42', false)")
        shop.execute("insert into notes values (77, 1)")
    pair.run("delete from notes where id = 77")
    wrote, applied = (
        [e[k] for e in new() if e["action"] == "insert" for k in ("db_user", "application", "actor_id")]
        for new in (here, there)
    )
    assert wrote == ["shop", "till", "42"]
    assert applied == ["postgres", None, None]


def test_afterwards_both_logs_replay_to_the_same_table(pair: Pair) -> None:
    pair.run("insert into stock values (10, 1), (110, 2); update stock set amount = 3 where id = 10")
    kept, *others = (
        sorted(database.run(f"select * from {source}"))
        for database in (pair.publisher, pair.subscriber)
        for source in ("stock", "audit.as_of(null::stock, clock_timestamp())")
    )
    assert len(kept) >= 2
    assert others == [kept] * 3
    pair.run("delete from stock where id in (10, 110)")
