"""Approved erasures reach the archives: files with events of that record are written anew, read back, and replaced."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import archiving
from .archiving import ArchiveError, Row
from .forgetting import Forgetting
from .proof import counted
from .queries import load
from .tree import Connection


@dataclass(frozen=True)
class Reached:
    """What one request took from one archive; `trouble` says why it could not."""

    request: int
    file: str
    events: int
    trouble: str = ""

    def __str__(self) -> str:
        if self.trouble:
            return f"{self.file}, for request {self.request}: {self.trouble}"
        return f"{self.file}: {counted(self.events)} erased by request {self.request}"


def pending(connection: Connection) -> list[tuple[int, str, Forgetting]]:
    """(archive, file, request) for each approved request and each month that had left by then and was not reached."""
    found = connection.execute(load("unreached")).fetchall()
    return [(archive, file, Forgetting(*request)) for archive, file, *request in found]


def reach(connection: Connection, folder: Path | None) -> Iterator[Reached]:
    """Erase what is pending, a file at a time. Ended at any point, the next run goes on; another run does nothing."""
    waiting = pending(connection)
    connection.commit()
    places = {file: (folder / Path(file).name if folder else Path(file)) for _, file, _ in waiting}
    by_request: dict[int, set[str]] = {}
    for _, file, wanted in waiting:  # what the record was called, before any of it goes
        if places[file].is_file() and "filter" in wanted.also:
            for group in archiving.read(places[file]):
                for row in group:
                    wanted.learn(row)
            by_request.setdefault(wanted.request, set()).update(wanted.known)
    for archive, file, wanted in waiting:
        wanted.known |= by_request.get(wanted.request, set())
        try:
            events, digest = rewrite(places[file], wanted)
        except ArchiveError as error:
            yield Reached(wanted.request, file, 0, str(error))
            continue
        connection.execute("select audit.note_reached(%s, %s, %s, %s)", (wanted.request, archive, digest, events))
        connection.commit()
        yield Reached(wanted.request, str(places[file]), len(events))


def rewrite(file: Path, wanted: Forgetting) -> tuple[list[int], str]:
    """Erase in one file; return the events that the request has erased in it, and the SHA-256 of the file as it is now.

    What stays is proven against the file's own evidence before the old file is replaced. Raises ArchiveError.
    """
    if not file.is_file():
        raise ArchiveError("it is not there")
    events: list[int] = []
    changes = False
    for group in archiving.read(file):
        for row in group:
            concerned = bool(wanted.kinds(row))
            changes = changes or concerned
            if concerned or wanted.is_done(row):
                events.append(row["event_id"])
    if changes:
        new = file.with_name(f"{file.name}.new")
        try:
            archiving.write(new, _forgotten(file, wanted), archiving.evidence_of(file))
            for before, after in zip(archiving.read(file), archiving.read(new), strict=True):
                if list(map(archiving.leaf_of, before)) != list(map(archiving.leaf_of, after)):
                    raise ArchiveError("it does not prove the same without these events: it was left as it is")
            new.replace(file)
        finally:
            new.unlink(missing_ok=True)
    return events, hashlib.sha256(file.read_bytes()).hexdigest()


def _forgotten(file: Path, wanted: Forgetting) -> Iterator[list[Row]]:
    for group in archiving.read(file):
        yield [wanted.forgotten(row, kinds) if (kinds := wanted.kinds(row)) else row for row in group]
