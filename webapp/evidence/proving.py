"""Proofs to take away: of events, and of growth between two checkpoints. proof.py checks them."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..db import read_json
from ..errors import AuditLogError
from .proof import Checkpoint
from .queries import load
from .tree import Connection, proof_nodes

#: Where the leaf of an event is, and the event with its seal as JSON.
Line = tuple[int, str]


class ProofError(AuditLogError):
    """There is nothing that could be proven."""


def not_there(event_id: int) -> ProofError:
    """What to raise for an event that is nowhere."""
    return ProofError(f"there is no event {event_id}: its number is the first column of audit.report")


def nowhere(event_ids: Sequence[int]) -> list[Line]:
    """No events at all; raises ProofError when there are some."""
    if event_ids:
        raise not_there(event_ids[0])
    return []


def prove_events(
    connection: Connection, event_ids: Sequence[int], elsewhere: Callable[[Sequence[int]], list[Line]] = nowhere
) -> Iterator[str]:
    """Lines of NDJSON: each event with what was sealed of it, then the evidence.

    `elsewhere` finds what the log does not have.
    """
    note, checkpoint = newest(connection)
    places: list[int] = []
    deletes = connection.execute(load("completed_deletes"), {"event_ids": list(event_ids)}).fetchall()
    wanted = sorted({*event_ids, *(event_id for (event_id,) in deletes)})
    found = connection.execute(load("proof_lines"), {"event_ids": wanted, "size": checkpoint.size}).fetchall()
    missing = sorted(set(event_ids) - {read_json(event)["event_id"] for _, event, _ in found})
    for place, line in elsewhere(missing):
        yield line
        places.append(place)
    for place, event, seal in found:
        yield f'{event[:-1]}, "seal": {seal or "null"}}}'
        if seal:
            places.append(place)
    yield evidence_line(connection, note, places)


def evidence_line(connection: Connection, note: str, places: Iterable[int]) -> str:
    """The last line of a file that holds the leaves at these places: what leads from them to the checkpoint."""
    checkpoint = Checkpoint.parse(note)
    nodes = proof_nodes(connection, checkpoint.size, sorted(places))
    return _line(connection, note, checkpoint, nodes)


def prove_growth(connection: Connection, older: int, newer: int | None = None) -> str:
    """A line that shows that the tree of one checkpoint begins with the tree of another."""
    note, checkpoint = newest(connection) if newer is None else _numbered(connection, newer)
    before, first = _numbered(connection, older)
    if first.number > checkpoint.number:
        raise ProofError(f"checkpoint {first.number} is not older than checkpoint {checkpoint.number}: turn them round")
    nodes = proof_nodes(connection, checkpoint.size, [], first.size)
    return _line(connection, note, checkpoint, nodes, older=before)


def newest(connection: Connection) -> tuple[str, Checkpoint]:
    """The last checkpoint and its note. Raises ProofError when there is none."""
    row = connection.execute("select note from audit.checkpoints order by number desc limit 1").fetchone()
    if row is None:
        raise ProofError("nothing was sealed yet: run `auditlog seal`")
    return row[0], Checkpoint.parse(row[0])


def checkpoints(connection: Connection, limit: int, before: int | None = None) -> list[Checkpoint]:
    """The newest checkpoints; with `before`, the newest that are older than that."""
    rows = connection.execute(
        "select note from audit.checkpoints where number < coalesce(%s, 9223372036854775807) "
        "order by number desc limit %s",
        (before, limit),
    )
    return [Checkpoint.parse(row[0]) for row in rows]


def sealed_by(connection: Connection, leaf: int) -> Checkpoint:
    """The first checkpoint that holds a leaf. Sizes only grow, so few of the numbers have to be looked at."""
    last = newest(connection)[1].number
    first = bisect_right(range(last), leaf, key=lambda number: _numbered(connection, number)[1].size)
    return _numbered(connection, first)[1]


def _numbered(connection: Connection, number: int) -> tuple[str, Checkpoint]:
    row = connection.execute("select note from audit.checkpoints where number = %s", (number,)).fetchone()
    if row is None:
        raise ProofError(f"there is no checkpoint {number}: the last is {newest(connection)[1].number}")
    return row[0], Checkpoint.parse(row[0])


def _line(connection: Connection, note: str, checkpoint: Checkpoint, nodes: Iterable[bytes], **more: str) -> str:
    rotations = connection.execute(
        "select note from audit.checkpoints where number < %s and note like %s order by number",
        (checkpoint.number, "%\nnext-key %"),
    )
    evidence = {
        "checkpoint": note,
        "rotations": [row[0] for row in rotations],
        **more,
        "nodes": [base64.b64encode(node).decode() for node in nodes],
    }
    return json.dumps({"evidence": evidence}, ensure_ascii=False)
