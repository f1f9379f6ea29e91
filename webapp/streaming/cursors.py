"""Where each stream has come to, and what comes next. The order is that of the seals."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.rows import class_row

from ..errors import AuditLogError
from ..evidence.proof import counted
from ..exports.columns import COLUMNS, objects

Connection = psycopg.Connection[tuple[Any, ...]]

MOST_BYTES = 4 * 1024 * 1024  # of one batch, unless a single event has more
LOCK = "hashtextextended('audit.stream ' || %s, 0)"
#: As long as a consumer that was killed may hold its name: until the server has noticed.
LOCK_WAIT = "3s"

#: Events as an export writes them, in the order of their leaves.
EVENTS = sql.SQL(
    "select s.leaf_index, ({})::text from audit.leaves s join audit.report r using (event_id) "
    "where s.leaf_index >= %(first)s and s.leaf_index < %(until)s order by s.leaf_index"
).format(objects(COLUMNS))


class StreamError(AuditLogError):
    """A stream cannot go on."""


@dataclass(frozen=True)
class Batch:
    """Events of leaves from `first` up to, and without, `until`: JSON objects, as an export has them."""

    first: int
    until: int
    lines: list[str]


@dataclass(frozen=True)
class Progress:
    """One stream, as people want to see it."""

    name: str
    position: int
    behind: int
    waiting_since: datetime | None
    lag: timedelta
    confirmed_at: datetime | None
    problem: str | None
    problem_since: datetime | None

    def __str__(self) -> str:
        waiting = f"{self.behind:,} events behind" if self.behind else "up to date"
        since = f", the first of {self.waiting_since:%Y-%m-%d %H:%M:%S} UTC" if self.waiting_since else ""
        last = f"last confirmed {self.confirmed_at:%Y-%m-%d %H:%M:%S} UTC" if self.confirmed_at else "never confirmed"
        return f"{self.name}: {waiting}{since}; {last}" + (f"; problem: {self.problem}" if self.problem else "")


@contextmanager
def alone(connection: Connection, name: str) -> Generator[None]:
    """Only one consumer of a name works at a time. Raises StreamError."""
    connection.execute("select set_config('lock_timeout', %s, false)", (LOCK_WAIT,))
    try:
        connection.execute(f"select pg_advisory_lock({LOCK})".encode(), (name,))
    except errors.LockNotAvailable:
        raise StreamError(
            f'another consumer of the stream "{name}" is at work: end it, or choose another name'
        ) from None
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(f"select pg_advisory_unlock({LOCK})".encode(), (name,))


def begin(connection: Connection, name: str, *, at_the_end: bool) -> str:
    """Make the stream if there is none of this name; one that is there goes on where it was.

    Returns what a new one will not have, in words; months do not leave before the streams that are there took them.
    """
    try:
        made = connection.execute(
            "insert into audit.streams (name, position) select %s, "
            "case when %s then coalesce(max(leaf_index) + 1, 0) else 0 end from audit.leaves on conflict do nothing "
            "returning 1",
            (name, at_the_end),
        ).fetchone()
    except errors.CheckViolation:
        raise StreamError(
            f'"{name}" is no name of a stream: up to 63 small letters, digits, dots, dashes and underscores'
        ) from None
    gone = connection.execute(
        "select sum(events)::bigint, min(month), (max(month) + interval '1 month - 1 day')::date from audit.archives"
    ).fetchone()
    if not made or at_the_end or not gone or not gone[0]:
        return ""
    events, first, last = gone
    return (
        f"{counted(events)} of {first:%Y-%m} to {last:%Y-%m} left the log before this stream began, and are not in it: "
        f"auditlog export --to {last} --archive PLACE --format ndjson has them"
    )


def next_batch(connection: Connection, name: str, most: int) -> Batch | None:
    """What comes next, or None when all that is sealed was confirmed. Holds no transaction open."""
    row = connection.execute(
        "select s.position, (select coalesce(max(leaf_index) + 1, 0) from audit.leaves) from audit.streams s "
        "where s.name = %s",
        (name,),
    ).fetchone()
    if row is None:
        raise StreamError(f'the stream "{name}" was dropped meanwhile')
    first, end = row
    if first >= end:
        return None
    until = min(first + most, end)
    with connection.transaction():
        connection.execute("set local enable_seqscan = off")  # whatever the planner has heard of the log
        found = connection.execute(EVENTS, {"first": first, "until": until}).fetchall()
    lines: list[str] = []
    size = 0
    for leaf_index, line in found:
        size += len(line.encode())
        if lines and size > MOST_BYTES:
            until = leaf_index
            break
        lines.append(line)
    return Batch(first, until, lines)


def confirm(connection: Connection, name: str, batch: Batch) -> None:
    """The receiver has what is in the batch: it is never sent again."""
    connection.execute(
        "update audit.streams set position = %s, confirmed_at = clock_timestamp(), problem = null, "
        "problem_since = null where name = %s",
        (batch.until, name),
    )


def note_problem(connection: Connection, name: str, problem: str) -> None:
    """Leave a word for whoever looks why the stream does not go on."""
    connection.execute(
        "update audit.streams set problem = %s, problem_since = coalesce(problem_since, clock_timestamp()) "
        "where name = %s",
        (problem, name),
    )


def progress(connection: Connection) -> list[Progress]:
    """All streams, by name."""
    with connection.cursor(row_factory=class_row(Progress)) as rows:
        return rows.execute("select * from audit.stream_status()").fetchall()


def drop(connection: Connection, name: str) -> None:
    """Forget a stream. Raises StreamError when there is none of this name."""
    if not connection.execute("delete from audit.streams where name = %s returning 1", (name,)).fetchone():
        raise StreamError(f'there is no stream "{name}": `auditlog stream --list` shows those that there are')
