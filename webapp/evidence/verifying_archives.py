"""Whether what left the log is in archives as it was sealed: each event against its seal, which stays in the log."""

from __future__ import annotations

from pathlib import Path

from ..errors import ArchiveError
from . import archiving
from .places import Place, in_reach
from .queries import load
from .recomputing import Finding
from .tree import Connection
from .verifying import Verdict


def verify_archives(connection: Connection, place: Place, verdict: Verdict) -> None:
    """Add to the verdict what the files of a place say of the months that left the log."""
    said = {row[0] for row in connection.execute(load("erasures"))}
    known = connection.execute("select file, events from audit.archives order by month, archive_id").fetchall()
    for file, events in known:
        name = Path(file).name
        try:
            found = _verify(connection, in_reach(place, name), place.address(name), said, verdict)
        except ArchiveError as error:
            verdict.broken.append(Finding("missing", None, str(error)))
            continue
        if found != events:
            verdict.broken.append(
                Finding("missing", None, f'"{place.address(name)}" holds {found:,} events, and {events:,} went into it')
            )


def _verify(connection: Connection, path: Path, shown: str, said: set[int], verdict: Verdict) -> int:
    count = 0
    for group in archiving.read(path):
        if not group:
            continue
        held = dict(
            connection.execute(
                "select leaf_index, leaf_hash from audit.leaves where leaf_index between %s and %s",
                (group[0]["leaf_index"], group[-1]["leaf_index"]),
            ).fetchall()
        )
        for row in group:
            event_id = row["event_id"]
            if archiving.leaf_of(row) != held.get(row["leaf_index"]):
                message = f'event {event_id} in "{shown}" is not what was sealed'
            elif row["salt"] is None and event_id not in said:
                message = f'the payload of event {event_id} is gone from "{shown}", and no erase event says so'
            else:
                verdict.archived += 1
                continue
            verdict.broken.append(Finding("altered", event_id, message))
        count += len(group)
    return count
