"""Approved erasures reach the archives: files with events of that record are written anew, read back, and replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import click

from ..errors import ArchiveError
from ..progress import bar
from . import archiving, places
from .archiving import Row
from .forgetting import Forgetting
from .places import Place, in_reach
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
    locked_until: datetime | None = None

    def __str__(self) -> str:
        if self.trouble:
            return f"{self.file}, for request {self.request}: {self.trouble}"
        done = f"{self.file}: {counted(self.events)} erased by request {self.request}"
        if self.locked_until:
            done += (
                f"; what the file was before is locked in the store until {self.locked_until:%Y-%m-%d %H:%M} UTC, and "
                "cannot go earlier: run auditlog erase --archives again then"
            )
        return done


@dataclass(frozen=True)
class Waiting:
    """An approved request, and the file of a month that had left by then and was not reached."""

    archive: int
    place: Place
    file: str
    wanted: Forgetting

    @property
    def address(self) -> str:
        return self.place.address(self.file)


def pending(connection: Connection, place: Place | None = None) -> list[Waiting]:
    """All of them; without a place, the files are looked for where they were put."""
    known: dict[str, Place] = {}
    found: list[Waiting] = []
    for archive, address, *request in connection.execute(load("unreached")).fetchall():
        folder, _, file = address.rpartition("/")
        own = place or known.setdefault(folder, places.parse(folder or "/"))
        found.append(Waiting(archive, own, file, Forgetting(*request)))
    return found


def reach(connection: Connection, place: Place | None) -> Iterator[Reached]:
    """Erase what is pending, a file at a time. Ended at any point, the next run goes on; another run does nothing."""
    waiting = pending(connection, place)
    connection.commit()
    known = _learned(waiting)
    for one in waiting:
        request = one.wanted.request
        one.wanted.known |= known.get(request, set())
        try:
            events, digest = rewrite(one.place, one.file, one.wanted)
            locked_until = one.place.forget_older(one.file)
        except ArchiveError as error:
            yield Reached(request, one.address, 0, str(error))
            continue
        values = (request, one.archive, digest, events, locked_until)
        connection.execute("select audit.note_reached(%s, %s, %s, %s, %s)", values)
        connection.commit()
        yield Reached(request, one.address, len(events), locked_until=locked_until)


def told(connection: Connection, place: Place | None) -> bool:
    """Erase what is pending and say so; return whether some was out of reach."""
    missed = False
    with bar() as progress:
        task = progress.add_task("Erasing in archives", total=len(pending(connection, place)))
        for one in reach(connection, place):
            missed = missed or bool(one.trouble)
            click.echo(f"Not reached: {one}" if one.trouble else str(one), err=bool(one.trouble))
            progress.advance(task)
    return missed


def rewrite(place: Place, file: str, wanted: Forgetting) -> tuple[list[int], str]:
    """Erase in one file; return the events that the request has erased in it, and the SHA-256 of the file as it is now.

    What stays is proven against the file's own evidence before the old file is replaced. Raises ArchiveError.
    """
    whole = in_reach(place, file)
    events: list[int] = []
    changes = False
    for group in archiving.read(whole):
        for row in group:
            concerned = bool(wanted.kinds(row))
            changes = changes or concerned
            if concerned or wanted.is_done(row):
                events.append(row["event_id"])
    if not changes:
        return events, archiving.digest(whole)
    draft = place.draft(file)
    try:
        rows = ([_left_of(row, wanted) for row in group] for group in archiving.read(whole))
        archiving.write(draft, rows, archiving.evidence_of(whole), archiving.erasures_of(whole))
        for before, after in zip(archiving.read(whole), archiving.read(draft), strict=True):
            if list(map(archiving.leaf_of, before)) != list(map(archiving.leaf_of, after)):
                raise ArchiveError("it does not prove the same without these events: it was left as it is")
        digest = archiving.digest(draft)
        place.put(file, draft)
    finally:
        draft.unlink(missing_ok=True)
    if archiving.digest(in_reach(place, file)) != digest:
        raise ArchiveError("it is not what was written: run auditlog erase --archives again")
    return events, digest


def _learned(waiting: list[Waiting]) -> dict[int, set[str]]:
    """What each request's record was called, before any of it goes."""
    found: dict[int, set[str]] = {}
    for one in waiting:
        if "filter" not in one.wanted.also:
            continue
        try:
            path = one.place.fetch(one.file)
        except ArchiveError:
            continue  # rewrite() will say so
        for group in archiving.read(path) if path else ():
            for row in group:
                one.wanted.learn(row)
        found.setdefault(one.wanted.request, set()).update(one.wanted.known)
    return found


def _left_of(row: Row, wanted: Forgetting) -> Row:
    kinds = wanted.kinds(row)
    return wanted.forgotten(row, kinds) if kinds else row
