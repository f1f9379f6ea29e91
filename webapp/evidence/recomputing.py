"""Every leaf computed again from the event as it is now, some thousands at a time, in several processes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import psycopg

from .proof import Checkpoint, in_order, leaf_hash, payload_commit
from .queries import load
from .sealing import SMALL_PART
from .tree import Connection

CHUNK = 10_000
#: Fewer leaves than this are done sooner than a second process has started.
WORTH_A_PROCESS = 150_000


@dataclass(frozen=True)
class Finding:
    """Something that does not hold: what it is, and the event at which it shows."""

    verdict: str
    event_id: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.verdict}: {self.message}"


@dataclass(frozen=True)
class Span:
    """The leaves that one checkpoint adds, and the transactions that they must be of. None: any."""

    number: int
    until: int
    lowest: int | None
    highest: int | None


@dataclass
class Part:
    """What was found in one range of leaves."""

    hashes: list[bytes] = field(default_factory=list[bytes])
    erased: list[int] = field(default_factory=list[int])
    retired: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])
    #: Leaves that come after one of a later transaction: (place, event).
    descents: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])


def spans(checkpoints: Sequence[Checkpoint]) -> list[Span]:
    """What each checkpoint adds. The first of a life of the log takes over whatever that life began with."""
    made: list[Span] = []
    for place, checkpoint in enumerate(checkpoints):
        before = checkpoints[place - 1] if place else None
        goes_on = before and before.origin == checkpoint.origin and before.number == checkpoint.number - 1
        bounds = (before.horizon, checkpoint.horizon) if before and goes_on else (None, None)
        made.append(Span(checkpoint.number, checkpoint.size, *bounds))
    return made


def recompute(connection: Connection, low: int, high: int, adding: Sequence[Span]) -> Part:
    """Leaves low to high - 1."""
    part = Part()
    bounds = connection.execute(
        "select min(event_id), max(event_id) from audit.leaves where leaf_index >= %s and leaf_index < %s", (low, high)
    ).fetchone()
    lowest, highest = bounds or (None, None)
    ends = [span.until for span in adding]
    expected = low
    previous: tuple[int, int] = (0, 0)
    cursor = connection.cursor(binary=True)
    connection.execute(SMALL_PART)
    cursor.execute(load("sealed"), {"low": low, "high": high, "lowest": lowest, "highest": highest})
    for index, event_id, salt, commit, stored, xact_id, header, details, old_row, new_row, retired in cursor:
        if index != expected:
            if index < expected:
                part.findings.append(Finding("inserted", event_id, f"event {event_id} is in the log twice"))
                continue
            part.findings.append(Finding("missing", None, f"seals {expected} to {index - 1} are not there"))
            expected = index
        expected += 1
        part.hashes.append(stored)
        if retired:
            part.retired += 1
            continue
        if header is None:
            part.findings.append(Finding("missing", event_id, f"event {event_id} was sealed and is gone"))
            continue
        if salt is None:
            part.erased.append(event_id)
        else:
            commit = payload_commit(salt, details, old_row, new_row)
        if leaf_hash(header, commit) != stored:
            part.findings.append(Finding("altered", event_id, f"event {event_id} is not what was sealed"))
        if (xact_id, event_id) < previous:
            part.descents.append((index, event_id))
        previous = (xact_id, event_id)
        place = bisect_right(ends, index)
        if place < len(adding):
            span = adding[place]
            if span.lowest is not None and not span.lowest <= xact_id < (span.highest or 0):
                part.findings.append(
                    Finding("inserted", event_id, f"event {event_id} is of a time that was sealed before it came")
                )
    if expected < high:
        part.findings.append(Finding("missing", None, f"seals {expected} to {high - 1} are not there"))
    return part


# -- several processes ---------------------------------------------------------------------------

_connection: list[Connection] = []


def _connect(url: str) -> None:
    _connection.append(psycopg.connect(url, autocommit=True, application_name="auditlog verify"))
    _connection[0].execute(SMALL_PART.replace("local", "session").encode())


def _recompute(low: int, high: int, adding: Sequence[Span]) -> Part:
    return recompute(_connection[0], low, high, adding)


@contextmanager
def parts(url: str, connection: Connection, size: int, adding: Sequence[Span], jobs: int) -> Generator[Iterable[Part]]:
    """The parts of a tree of this size, in order."""
    ranges = [(low, min(low + CHUNK, size)) for low in range(0, size, CHUNK)]
    if jobs == 1 or size < WORTH_A_PROCESS:
        yield (recompute(connection, low, high, adding) for low, high in ranges)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _connect, (url,)) as pool:
        yield in_order(lambda bounds: pool.submit(_recompute, *bounds, adding), ranges, ahead=jobs * 3)


def count(connection: Connection) -> int:
    """How many leaves there are."""
    row: Any = connection.execute("select coalesce(max(leaf_index) + 1, 0) from audit.leaves").fetchone()
    return row[0]
