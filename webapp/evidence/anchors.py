"""Places outside of the database that checkpoints are carried to, so that nobody can rewrite them in one."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import unquote, urlsplit

from ..errors import AuditLogError
from .object_store import SCHEME, Bucket, StoreError
from .proof import Broken, Checkpoint, read_checkpoints

SETTING = "AUDITLOG_ANCHORS"
KINDS = "file:/path/to/file, git:/path/to/repository, s3://bucket/folder, an https:// address, or stdout"
READERS = 16  # objects that are fetched at once
TIMEOUT = 10  # seconds that a place has to answer


class AnchorError(AuditLogError):
    """A checkpoint could not be carried to one of its places."""


class Anchor(Protocol):
    """One place. `name` is shown and stored: it holds no password."""

    @property
    def name(self) -> str: ...

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        """Carry notes there, oldest first. Raises AnchorError."""
        ...


@runtime_checkable
class Copy(Anchor, Protocol):
    """A place that can be read, so that the log is compared with it."""

    def checkpoints(self) -> list[Checkpoint]:
        """All that is there, oldest first. Raises AnchorError."""
        ...

    def last(self) -> Checkpoint | None:
        """The newest checkpoint there. Raises AnchorError."""
        ...


@dataclass(frozen=True)
class FileAnchor:
    """A file that only grows. Put it on another machine's disk, or make it append-only with chattr +a."""

    path: Path

    @property
    def name(self) -> str:
        return f"file:{self.path}"

    def checkpoints(self) -> list[Checkpoint]:
        try:
            return read_checkpoints(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except IsADirectoryError:
            raise AnchorError(f"{self.name} is a folder: name a file in it, {self.name}/checkpoints") from None
        except (OSError, UnicodeDecodeError, Broken) as error:
            raise AnchorError(f"{self.name} cannot be read ({error})") from None

    def last(self) -> Checkpoint | None:
        return (self.checkpoints() or [None])[-1]

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        try:
            with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), "wb") as file:
                file.write("".join(f"{note}\n" for note in notes).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            cure = f": mount or make the folder {self.path.parent}" if isinstance(error, FileNotFoundError) else ""
            raise AnchorError(f"{self.name} cannot be written ({error.strerror}){cure}") from None


@dataclass(frozen=True)
class GitAnchor:
    """The file `checkpoints` in a Git repository: one commit a delivery, pushed where the branch has an upstream."""

    repository: Path

    @property
    def name(self) -> str:
        return f"git:{self.repository}"

    @property
    def _file(self) -> FileAnchor:
        return FileAnchor(self.repository / "checkpoints")

    def checkpoints(self) -> list[Checkpoint]:
        return self._file.checkpoints()

    def last(self) -> Checkpoint | None:
        return self._file.last()

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        try:
            self._git("rev-parse", "--git-dir")
        except AnchorError as error:
            raise AnchorError(f"{error}: make a repository there with `git init {self.repository}`") from None
        self._file.add(checkpoints, notes)
        self._git("add", "checkpoints")
        identity = ("-c", "user.name=auditlog", "-c", "user.email=auditlog@localhost")
        self._git(*identity, "commit", "--quiet", "-m", f"{checkpoints[-1]}", "--", "checkpoints")
        if self._git("for-each-ref", "--format=%(upstream)", self._git("symbolic-ref", "HEAD")):
            self._git("push", "--quiet")

    def _git(self, *arguments: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - the arguments are ours
                ["git", "-C", str(self.repository), *arguments],  # noqa: S607 - wherever the system keeps it
                capture_output=True,
                text=True,
                timeout=60,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AnchorError(f"{self.name}: git cannot be run ({error})") from None
        if done.returncode:
            raise AnchorError(f"{self.name}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()


@dataclass(frozen=True)
class ObjectAnchor:
    """A folder of an S3-compatible object store, with an object a checkpoint, by its day and number."""

    bucket: Bucket

    @property
    def name(self) -> str:
        return self.bucket.name

    def checkpoints(self) -> list[Checkpoint]:
        with _as_anchor(), ThreadPoolExecutor(READERS) as readers:
            return list(readers.map(self._read, self.bucket.keys()))

    def last(self) -> Checkpoint | None:
        with _as_anchor():
            key = self.bucket.newest()
        return self._read(key) if key else None

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        for checkpoint, note in zip(checkpoints, notes, strict=True):
            key = f"{checkpoint.time:%Y/%m/%d}/{checkpoint.number:010}"
            with _as_anchor():
                if not self.bucket.put(key, note.encode()) and self.bucket.get(key) != note.encode():
                    raise AnchorError(f"{self.name}/{key} holds another checkpoint: compare it with `auditlog verify`")

    def _read(self, key: str) -> Checkpoint:
        with _as_anchor():
            note = self.bucket.get(key)
        try:
            (checkpoint,) = read_checkpoints((note or b"").decode())
        except (Broken, UnicodeDecodeError, ValueError) as error:
            raise AnchorError(f"{self.name}/{key} is no checkpoint ({error})") from None
        return checkpoint


@contextmanager
def _as_anchor() -> Generator[None]:
    try:
        yield
    except StoreError as error:
        raise AnchorError(str(error)) from None


@dataclass(frozen=True)
class WebAnchor:
    """An address that each checkpoint is posted to as text. What it keeps is not read back."""

    address: str

    @property
    def name(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        parts = urlsplit(self.address)
        headers = {"Content-Type": "text/plain; charset=utf-8", "User-Agent": "auditlog"}
        if parts.username:
            account = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = f"Basic {base64.b64encode(account.encode()).decode()}"
        address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        for note in notes:
            # parse() lets only http and https through.
            request = urllib.request.Request(address, note.encode(), headers)  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT):  # noqa: S310
                    pass
            except urllib.error.HTTPError as answer:
                with answer:
                    raise AnchorError(f"{self.name} did not take it ({answer})") from None
            except (OSError, ValueError) as error:
                raise AnchorError(f"{self.name} did not take it ({getattr(error, 'reason', error)})") from None


@dataclass(frozen=True)
class OutputAnchor:
    """Standard output, for whoever collects that."""

    name: str = "stdout"

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        sys.stdout.write("".join(f"{note}\n" for note in notes))
        sys.stdout.flush()


def parse(setting: str) -> list[Anchor]:
    """The places that AUDITLOG_ANCHORS names, with spaces between. Raises AnchorError."""
    return [_parse(word) for word in setting.split()]


def _parse(word: str) -> Anchor:
    kind, _, rest = word.partition(":")
    if word == "stdout":
        return OutputAnchor()
    if kind == "file" and rest:
        return FileAnchor(Path(rest))
    if kind == "git" and rest:
        return GitAnchor(Path(rest))
    if word.startswith(SCHEME):
        return ObjectAnchor(Bucket.parse(word))
    if kind in ("http", "https") and urlsplit(word).hostname:
        return WebAnchor(word)
    raise AnchorError(f'{SETTING}: "{kind}…" is no place for checkpoints: name {KINDS}')
