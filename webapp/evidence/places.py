"""Where archives are kept: a folder, or a place in an object store, whose files are read by way of a cache."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import click

from ..errors import ArchiveError, AuditLogError
from .object_store import SCHEME, Bucket, StoreError

P = ParamSpec("P")
R = TypeVar("R")
#: What the names of archives begin with: there may be checkpoints beside them.
PREFIX = "log_"
#: Copies that nobody has read for so long are removed: they hold what was in the log.
COPIES_STAY = 24 * 60 * 60  # seconds


class Place(Protocol):
    """Somewhere with archives. What it does raises ArchiveError."""

    @property
    def name(self) -> str:
        """What people call it, and parse() understands."""
        ...

    def address(self, file: str) -> str:
        """Where a file is, for the record."""
        ...

    def require(self, files: Iterable[str]) -> None:
        """Raise ArchiveError when one of them is not there."""
        ...

    def fetch(self, file: str) -> Path | None:
        """A file of the place, to be read; None when it is not there."""
        ...

    def draft(self, file: str) -> Path:
        """Where a new version of a file can be written before it is put there."""
        ...

    def put(self, file: str, draft: Path) -> None:
        """Make a draft the file, as a whole and for good."""
        ...

    def forget_older(self, file: str) -> datetime | None:
        """Delete what the place keeps of earlier versions; until when it refuses that, if it does."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder of this machine."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def address(self, file: str) -> str:
        return str(self.path.absolute() / file)

    def require(self, files: Iterable[str]) -> None:
        for file in files:
            if not (self.path / file).is_file():
                raise _not_there(file, self.name)

    def fetch(self, file: str) -> Path | None:
        path = self.path / file
        return path if path.is_file() else None

    def draft(self, file: str) -> Path:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f'"{self.path}" cannot be made ({error.strerror})') from None
        return self.path / f"{file}.new"

    def put(self, file: str, draft: Path) -> None:
        try:
            draft.replace(self.path / file)
            # The months are dropped next: the name must be on disk by then, as the content is.
            folder = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise ArchiveError(f'"{self.path / file}" cannot be written ({error.strerror})') from None

    def forget_older(self, file: str) -> datetime | None:
        return None


def _in_store(method: Callable[Concatenate[Store, P], R]) -> Callable[Concatenate[Store, P], R]:
    @wraps(method)
    def explained(self: Store, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except StoreError as error:
            raise ArchiveError(str(error)) from None

    return explained


@dataclass(frozen=True)
class Store:
    """A place in an object store. What is read is copied to a folder that only this login of the system can read."""

    bucket: Bucket

    @property
    def name(self) -> str:
        return self.bucket.name

    def address(self, file: str) -> str:
        return f"{self.name}/{file}"

    @_in_store
    def require(self, files: Iterable[str]) -> None:
        there = set(self.bucket.keys(PREFIX))
        for file in files:
            if file not in there:
                raise _not_there(file, self.name)

    @_in_store
    def fetch(self, file: str) -> Path | None:
        version = self.bucket.version(file)
        if version is None:
            return None
        copy = _cache() / f"{_hash(self.name)}-{_hash(version)}-{file}"
        if copy.is_file():
            os.utime(copy)
            return copy
        _clean(keep=copy)
        part = copy.with_name(f"{copy.name}.{os.getpid()}-{time.monotonic_ns()}")
        try:
            self.bucket.download(file, part)
            part.replace(copy)
        finally:
            part.unlink(missing_ok=True)
        return copy

    def draft(self, file: str) -> Path:
        return _cache() / f"{_hash(self.name)}-{file}.new"

    @_in_store
    def put(self, file: str, draft: Path) -> None:
        self.bucket.replace(file, draft)
        draft.unlink()

    @_in_store
    def forget_older(self, file: str) -> datetime | None:
        return self.bucket.forget_older(file)


def parse(address: str) -> Place:
    """The place that a folder's path, or an address such as s3://bucket/folder, names. Raises AuditLogError."""
    return Store(Bucket.parse(address)) if address.startswith(SCHEME) else Folder(Path(address))


def in_reach(place: Place, file: str) -> Path:
    """A file, to be read. Raises ArchiveError when it is not there."""
    found = place.fetch(file)
    if found is None:
        raise _not_there(file, place.name)
    return found


class PlaceOption(click.ParamType[Place]):
    """An option that names a place of archives."""

    name = "DIR|s3://…"

    def __init__(self, *, exists: bool = True) -> None:
        self.exists = exists

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Place:
        """The place; a folder must be there, unless it is going to be made."""
        try:
            place = parse(value)
        except AuditLogError as error:
            self.fail(str(error), param, ctx)
        if self.exists and isinstance(place, Folder) and not place.path.is_dir():
            self.fail(f'there is no folder "{value}"', param, ctx)
        return place


def _not_there(file: str, place: str) -> ArchiveError:
    return ArchiveError(f'the archive "{file}" is not in "{place}": put it there, or name the place it is in')


def _cache() -> Path:
    home = os.environ.get("CACHE_DIRECTORY") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "audit-log-report"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except (OSError, RuntimeError) as error:
        raise ArchiveError(
            f'"{folder}", for copies of archives, cannot be used ({error}): name a folder in XDG_CACHE_HOME'
        ) from None
    return folder


def _clean(keep: Path) -> None:
    """Remove copies of what has been replaced since, and those that nobody reads any more."""
    place, _, file = keep.name.split("-", 2)
    for copy in keep.parent.iterdir():
        with suppress(OSError):  # another process was faster
            replaced = copy.name.startswith(f"{place}-") and copy.name.endswith(f"-{file}")
            if replaced or copy.stat().st_mtime < time.time() - COPIES_STAY:
                copy.unlink()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
