"""What is measured of one subject in one round, and how it is timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from . import statements
from .clients import COUNTS, Clients
from .statements import ACTIONS, Slice
from .subjects import Connection, Subject

#: PL/pgSQL settles on a plan after five executions.
WARM = 6
BULK = tuple(f"bulk {action}" for action in ACTIONS)
COPY = "COPY"
LOOP = tuple(f"loop {action}" for action in ACTIONS)
ROUND_TRIPS = tuple(f"{count} client{'s' if count > 1 else ''} {action}" for count in COUNTS for action in ACTIONS)
#: A part of --rows is enough for warming up, and for what runs row by row.
WARM_PART, LOOP_PART, CLIENT_PART = 10, 5, 10
MINIMUM_ROWS = 200


@dataclass
class Stored:
    """What one bulk statement left behind: audit rows, and bytes."""

    rows: int
    table: int
    index: int
    wal: int


@dataclass
class Round:
    """Seconds of each workload (of one statement, where there are many), and what bulk statements stored."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])
    stored: dict[str, Stored] = field(default_factory=dict[str, Stored])


def measure(url: str, subject: Subject, rows: int, clients: Clients, done: Callable[[], None]) -> Round:
    """All workloads on a fresh database of the subject. `done` is called after each."""
    found = Round()
    with _connection(url) as connection:
        _warm_up(connection, subject, rows // WARM_PART)
        for action in ACTIONS:
            _bulk(connection, subject, action, rows, found)
            done()
        connection.execute("vacuum contacts")
        found.seconds[COPY] = _copy(connection, subject, statements.copy_rows(rows))
        done()
        connection.execute("vacuum contacts")
    with _connection(url) as connection:  # one that has no plans for many rows
        connection.execute("set synchronous_commit = off")
        _one_row(url, connection, subject, rows, clients, found, done)
    return found


def _connection(url: str) -> Connection:
    return psycopg.connect(url, autocommit=True, application_name="auditlog bench")


def _warm_up(connection: Connection, subject: Subject, rows: int) -> None:
    # With rows enough that no plan for a single one is kept, and then used for all.
    for action in ACTIONS:
        connection.execute(statements.BULK[action].encode(), (rows,) if action == "insert" else None)
        if subject.by_hand and action != "delete":  # of a delete it needs rows that were kept
            connection.execute(statements.floor_bulk(action).encode())
    connection.execute("vacuum contacts")


def _bulk(connection: Connection, subject: Subject, action: str, rows: int, found: Round) -> None:
    statement = statements.BULK[action].encode()
    record = statements.floor_bulk(action).encode() if subject.by_hand else None
    if record and action == "delete":
        connection.execute(statements.KEEP_ROWS)
    before = _state(connection, subject)
    # The first reader marks rows as committed, which is written too: copying them must not favour the floor.
    connection.execute("select count(*) from contacts")
    connection.execute("checkpoint")
    wal = _wal(connection)
    began = time.perf_counter()
    with connection.transaction():
        connection.execute(statement, (rows,) if action == "insert" else None)
        if record:
            connection.execute(record)
    found.seconds[f"bulk {action}"] = time.perf_counter() - began
    wal = _wal(connection) - wal
    after = _state(connection, subject)
    found.stored[action] = Stored(*(int(b - a) for a, b in zip(before, after, strict=True)), wal=wal)


def _copy(connection: Connection, subject: Subject, data: bytes) -> float:
    connection.execute("checkpoint")
    began = time.perf_counter()
    with connection.transaction():
        with connection.cursor().copy(statements.COPY.encode()) as copy:
            copy.write(data)
        if subject.by_hand:
            connection.execute(statements.floor_bulk("insert").encode())
    return time.perf_counter() - began


def _one_row(
    url: str,
    connection: Connection,
    subject: Subject,
    rows: int,
    clients: Clients,
    found: Round,
    done: Callable[[], None],
) -> None:
    slices = _slices(_value(connection, "select min(id) from contacts"), rows)
    for action in ACTIONS:
        (part,) = slices[0]
        found.seconds[f"loop {action}"] = _loop(connection, subject, action, part)
        done()
    for name, action, parts in zip(ROUND_TRIPS, ACTIONS * len(COUNTS), _thrice(slices[1:]), strict=True):
        statement = statements.one_row(action, by_hand=subject.by_hand).format(n="%s::bigint")
        found.seconds[name] = clients.seconds(url, statement, parts)
        done()


def _loop(connection: Connection, subject: Subject, action: str, part: Slice) -> float:
    block = statements.loop(action, by_hand=subject.by_hand).encode()
    _set_range(connection, part.first, part.first + part.warm - 1)
    connection.execute(block)
    _set_range(connection, part.first + part.warm, part.end - 1)
    began = time.perf_counter()
    connection.execute(block)
    return (time.perf_counter() - began) / part.timed


def _set_range(connection: Connection, first: int, last: int) -> None:
    connection.execute(
        "select set_config('bench.first', %s, false), set_config('bench.last', %s, false)", (str(first), str(last))
    )


def _slices(first: int, rows: int) -> list[list[Slice]]:
    """Rows for the loop, and for each client of each count: no row is changed by two of them."""
    found: list[list[Slice]] = []
    for clients, timed in [(1, rows // LOOP_PART), *((count, rows // CLIENT_PART // count) for count in COUNTS)]:
        group: list[Slice] = []
        for _ in range(clients):
            group.append(Slice(first, WARM, timed))
            first = group[-1].end
        found.append(group)
    return found


def rows_used(rows: int) -> int:
    """How many of so many rows are changed one at a time."""
    return _slices(0, rows)[-1][-1].end


def _thrice(groups: list[list[Slice]]) -> list[list[Slice]]:
    return [group for group in groups for _ in ACTIONS]


# -- what is stored ------------------------------------------------------------------------------------


def _state(connection: Connection, subject: Subject) -> tuple[int, int, int]:
    """Rows, bytes of tables and bytes of indexes of what the subject writes to."""
    tables = connection.execute(
        "select c.oid::regclass::text, pg_table_size(c.oid), pg_indexes_size(c.oid) from pg_class c "
        "where c.relkind = 'r' and c.relnamespace::regnamespace || '.' || c.relname ~ %s",
        (subject.writes_to,),
    ).fetchall()
    # The name comes from regclass, which quotes it.
    rows = [_value(connection, f"select count(*) from {name}") for name, _, _ in tables]  # noqa: S608
    return sum(rows), sum(size for _, size, _ in tables), sum(size for _, _, size in tables)


def _wal(connection: Connection) -> int:
    return int(_value(connection, "select pg_current_wal_insert_lsn() - '0/0'"))


def _value(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
