"""The sealer: gives every settled event its leaf, and signs checkpoints of the tree.

It never waits for a writer, and no writer waits for it: it reads, and writes to tables of its own.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from psycopg import IsolationLevel, sql

from ..errors import AuditLogError
from .keys import SigningKey
from .proof import NOTHING, Checkpoint, Tree
from .queries import load
from .tree import Connection, edge, kept_nodes

LOCK = "select hashtextextended('audit.seal', 0)"
CHUNK = 20_000
#: Whatever the planner has heard of the log, it must not read all of it.
SMALL_PART = "set local enable_seqscan = off"
SALT = 16  # bytes
IDLE = timedelta(hours=1)  # silence is sealed too


class SealingError(AuditLogError):
    """The log cannot be sealed."""


class AnotherSealer(SealingError):
    """Another sealer is at work; it does what this one would do."""


@dataclass(frozen=True)
class Round:
    """What one run of the sealer did."""

    events: int
    checkpoint: Checkpoint | None  # None: nothing was new


@contextmanager
def alone(connection: Connection) -> Generator[None]:
    """Only one sealer works on a log at a time. Raises AnotherSealer."""
    connection.rollback()
    taken = _value(connection, f"select pg_try_advisory_lock(({LOCK}))")
    connection.commit()
    if not taken and (holder := _value(connection, "select audit.false_sealer()")):
        raise SealingError(f"{holder}, which may not seal, holds the lock of the sealer: end it")
    if not taken:
        raise AnotherSealer("another sealer is at work on this log")
    try:
        yield
    finally:
        if not connection.closed:
            connection.rollback()
            connection.execute(f"select pg_advisory_unlock(({LOCK}))".encode())
            connection.commit()


def seal(
    connection: Connection,
    key: Callable[[Checkpoint | None], SigningKey],
    *,
    next_key: SigningKey | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Round:
    """Seal what is settled, and sign a checkpoint when anything is new, an hour has passed, or a key follows.

    `key` is given the last checkpoint and returns the key that signs after it. Safe to be ended at any point: the
    next run goes on where this one stopped.
    """
    if _value(connection, "select pg_is_in_recovery()"):
        raise SealingError("this server is a replica: seal the primary, whose seals come here by themselves")
    last = last_checkpoint(connection)
    signing = key(last)
    incarnation, log_id, fresh = _settle_in(connection, last)
    settled = _settled(connection)
    horizon = _unsealed(connection)
    tree = edge(connection, _value(connection, "select coalesce(max(leaf_index) + 1, 0) from audit.leaves"))
    connection.commit()
    before = tree.size
    while event_ids := [row[0] for row in connection.execute(f"fetch {CHUNK} from unsealed".encode())]:
        _seal_chunk(connection, tree, event_ids)
        connection.commit()
        on_progress(tree.size - before)
    connection.execute("close unsealed")
    if settled is not None:
        connection.execute("update audit.sealing set low_event_id = %s", (settled,))
    connection.commit()

    now = datetime.now(UTC)
    new = last is None or fresh or next_key or tree.size > last.size or now - last.time >= IDLE
    if not new:
        return Round(0, None)
    text = _statement(f"auditlog/{log_id}/{incarnation}", tree, last, now, horizon, next_key)
    note = text + "\n" + signing.signature(text) + (next_key.signature(text) if next_key else "")
    checkpoint = Checkpoint.parse(note)
    connection.execute(
        "insert into audit.checkpoints (number, size, horizon, note) values (%s, %s, %s::text::xid8, %s)",
        (checkpoint.number, checkpoint.size, str(horizon), note),
    )
    connection.commit()
    return Round(tree.size - before, checkpoint)


def last_checkpoint(connection: Connection) -> Checkpoint | None:
    row = connection.execute("select note from audit.checkpoints order by number desc limit 1").fetchone()
    return Checkpoint.parse(row[0]) if row else None


def _statement(
    origin: str, tree: Tree, last: Checkpoint | None, now: datetime, horizon: int, next_key: SigningKey | None
) -> str:
    # A clock that was set back must not make time run backwards in the chain.
    time = max(now, last.time) if last else now
    lines = [
        origin,
        str(tree.size),
        _encoded(tree.root()),
        f"number {last.number + 1 if last else 0}",
        f"time {time:%Y-%m-%dT%H:%M:%S.%fZ}",
        f"horizon {horizon}",
        f"previous {_encoded(last.digest if last else NOTHING)}",
    ]
    if next_key:
        lines.append(f"next-key {next_key.public}")
    return "\n".join(lines) + "\n"


def _settle_in(connection: Connection, last: Checkpoint | None) -> tuple[int, str, bool]:
    """(number of this life of the log, its id, whether this life has just begun)."""
    place = _one(connection, load("place"))[0]
    known = connection.execute(
        "select incarnation, log_id::text, place from audit.incarnations order by incarnation desc limit 1"
    ).fetchone()
    if known and known[2] == place:
        return known[0], known[1], False
    if known:
        incarnation, log_id = known[0] + 1, known[1]
    elif last:  # a copy that did not take the lives along
        _, log_id, life = last.origin.split("/")
        incarnation = int(life) + 1
    else:
        incarnation, log_id = 1, str(uuid4())
    connection.execute(
        "insert into audit.incarnations (incarnation, log_id, place, first_leaf) "
        "select %s, %s, %s, coalesce(max(leaf_index) + 1, 0) from audit.leaves",
        (incarnation, log_id, place),
    )
    # Numbers of events and transactions may start again here: look through the whole log once.
    connection.execute("update audit.sealing set low_event_id = 0, mark_event_id = null, mark_xact_id = null")
    connection.commit()
    return incarnation, log_id, True


def _settled(connection: Connection) -> int | None:
    """Up to which event this round will see all that there will ever be. None: nothing new is settled so far."""
    mark, xact, settled = _one(connection, load("settled"))
    connection.execute(
        "update audit.sealing s set mark_event_id = m.event, mark_xact_id = m.xact "
        "from (select %s::bigint as event, %s::text::xid8 as xact) m "
        "where (s.mark_event_id, s.mark_xact_id) is distinct from (m.event, m.xact)",
        (mark, xact),
    )
    connection.commit()
    return settled


def _unsealed(connection: Connection) -> int:
    """Open the cursor over what is to be sealed; return the horizon: all transactions before it have ended."""
    connection.commit()
    connection.isolation_level = IsolationLevel.REPEATABLE_READ  # one snapshot for both
    try:
        horizon = int(_value(connection, "select pg_snapshot_xmin(pg_current_snapshot())::text"))
        low = _value(connection, "select low_event_id from audit.sealing")
        if low:
            connection.execute(SMALL_PART)
        connection.execute(load("unsealed").format(low=sql.Literal(low)))
        connection.commit()
    finally:
        connection.isolation_level = None
    return horizon


def _seal_chunk(connection: Connection, tree: Tree, event_ids: list[int]) -> None:
    first = tree.size
    cursor = connection.cursor(binary=True)
    # What a crash of the server takes is sealed again, in the same order: only a checkpoint has to wait for the disk,
    # and it waits for all before it.
    connection.execute("set local synchronous_commit = off")
    connection.execute(SMALL_PART)
    cursor.execute(
        load("seal"),
        {
            "first": first,
            "event_ids": event_ids,
            "salts": os.urandom(SALT * len(event_ids)),
            "lowest": min(event_ids),
            "highest": max(event_ids),
        },
    )
    leaves = sorted(cursor.fetchall())
    if len(leaves) != len(event_ids):
        raise SealingError("events have gone from the log while they were being sealed: see `auditlog verify`")
    nodes = kept_nodes(first, [tree.append(leaf) for _, leaf in leaves])
    with connection.cursor() as rows:
        rows.executemany("insert into audit.nodes (level, position, hash) values (%s, %s, %s)", nodes)


def _encoded(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _one(connection: Connection, query: Any, *values: object) -> tuple[Any, ...]:
    row = connection.execute(query.encode() if isinstance(query, str) else query, values or None).fetchone()
    assert row
    return row


def _value(connection: Connection, query: str) -> Any:
    return _one(connection, query)[0]
