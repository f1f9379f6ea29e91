"""Places outside of the database that checkpoints are carried to, so that nobody can rewrite them in one."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from ..errors import AuditLogError
from .proof import Broken, Checkpoint, read_checkpoints
from .sealing import SealingError
from .tree import Connection

SETTING = "AUDITLOG_ANCHORS"
KINDS = "file:/path/to/file, git:/path/to/repository, an https:// address, or stdout"
TIMEOUT = 10  # seconds that a place has to answer


class AnchorError(AuditLogError):
    """A checkpoint could not be carried to one of its places."""


class Anchor(Protocol):
    """One place. `name` is shown and stored: it holds no password."""

    @property
    def name(self) -> str: ...

    def last(self) -> Checkpoint | None:
        """The newest checkpoint there, if the place can be read."""
        ...

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        """Carry notes there, oldest first. Raises AnchorError."""
        ...


@dataclass(frozen=True)
class FileAnchor:
    """A file that only grows. Put it on another machine's disk, or make it append-only with chattr +a."""

    path: Path

    @property
    def name(self) -> str:
        return f"file:{self.path}"

    def last(self) -> Checkpoint | None:
        try:
            checkpoints = read_checkpoints(self.path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, Broken) as error:
            raise AnchorError(f"{self.name} cannot be read ({error})") from None
        return checkpoints[-1] if checkpoints else None

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        try:
            with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644), "wb") as file:
                file.write("".join(f"{note}\n" for note in notes).encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AnchorError(f"{self.name} cannot be written ({error.strerror})") from None


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

    def last(self) -> Checkpoint | None:
        return self._file.last()

    def add(self, checkpoints: Sequence[Checkpoint], notes: Sequence[str]) -> None:
        self._git("rev-parse", "--git-dir")
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
class WebAnchor:
    """An address that each checkpoint is posted to as text. What it keeps is not read back."""

    address: str

    @property
    def name(self) -> str:
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"

    def last(self) -> Checkpoint | None:
        return None

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

    def last(self) -> Checkpoint | None:
        return None

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
    if kind in ("http", "https") and urlsplit(word).hostname:
        return WebAnchor(word)
    raise AnchorError(f'{SETTING}: "{kind}…" is no place for checkpoints: name {KINDS}')


def require_agreement(connection: Connection, anchors: Iterable[Anchor]) -> None:
    """Raise SealingError when a place holds a checkpoint that this database does not: never build on that."""
    for anchor in anchors:
        try:
            known = anchor.last()
        except AnchorError:
            continue  # deliver() will say so
        if known is None:
            continue
        row = connection.execute("select note from audit.checkpoints where number = %s", (known.number,)).fetchone()
        if row is None or Checkpoint.parse(row[0]).note.text != known.note.text:
            differs = "does not have" if row is None else "has otherwise"
            raise SealingError(
                f"{anchor.name} holds {known}, which this database {differs}: "
                "it was rewritten, or restored from an older backup. Nothing is sealed. `auditlog verify` tells more; "
                f"to go on from here knowingly, keep that place as it is and name a new one in {SETTING}"
            )


def deliver(connection: Connection, anchors: Sequence[Anchor]) -> dict[str, str]:
    """Carry to each place what it has not got yet, and note how far it came. Returns what failed, by name."""
    failed: dict[str, str] = {}
    for anchor in anchors:
        connection.execute("insert into audit.anchors (target) values (%s) on conflict do nothing", (anchor.name,))
        try:
            reached = _deliver(connection, anchor)
        except AnchorError as error:
            failed[anchor.name] = str(error)
            connection.execute(
                "update audit.anchors set problem = %s, problem_since = coalesce(problem_since, clock_timestamp()) "
                "where target = %s",
                (str(error), anchor.name),
            )
        else:
            connection.execute(
                "update audit.anchors set delivered = %s, delivered_at = clock_timestamp(), problem = null, "
                "problem_since = null where target = %s and (delivered <> %s or problem is not null)",
                (reached, anchor.name, reached),
            )
        connection.commit()
    connection.execute("delete from audit.anchors where target <> all (%s)", ([anchor.name for anchor in anchors],))
    connection.commit()
    return failed


def _deliver(connection: Connection, anchor: Anchor) -> int:
    row = connection.execute("select delivered from audit.anchors where target = %s", (anchor.name,)).fetchone()
    reached: int = row[0] if row else -1
    if isinstance(anchor, FileAnchor | GitAnchor):  # it knows better itself
        known = anchor.last()
        reached = known.number if known else -1
    found = connection.execute("select note from audit.checkpoints where number > %s order by number", (reached,))
    notes: list[str] = [note for (note,) in found]
    if not notes:
        return reached
    checkpoints = [Checkpoint.parse(note) for note in notes]
    anchor.add(checkpoints, notes)
    return checkpoints[-1].number
