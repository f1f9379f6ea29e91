"""Events that left the log are proven from the files they are in: their leaves stayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from . import archiving
from .places import Place, in_reach
from .proving import Line, ProofError, not_there
from .tree import Connection


def archive_of(connection: Connection, event_id: int) -> tuple[date, str] | None:
    """The month that an event left the log with, and the address of its file; None when it has not left."""
    query = (
        "select a.month, a.file from audit.leaves f join audit.archives a on a.leaves @> f.leaf_index "
        "where f.event_id = %s"
    )
    return connection.execute(query, (event_id,)).fetchone()


def lines_in(connection: Connection, place: Place | None) -> Callable[[Sequence[int]], list[Line]]:
    """For prove_events(): what finds events in the archives of a place. It raises ProofError, and ArchiveError."""

    def found(event_ids: Sequence[int]) -> list[Line]:
        return [_line(connection, place, event_id) for event_id in event_ids]

    return found


def _line(connection: Connection, place: Place | None, event_id: int) -> Line:
    left = archive_of(connection, event_id)
    if left is None:
        raise not_there(event_id)
    month, file = left
    if place is None:
        raise ProofError(
            f"event {event_id} left the log with {month:%Y-%m}: {file} proves it, to `auditlog verify`; "
            "or name the place of the archives in AUDITLOG_ARCHIVE"
        )
    row = archiving.find(in_reach(place, Path(file).name), event_id)
    if row is None:
        raise not_there(event_id)
    return row["leaf_index"], archiving.line(row)
