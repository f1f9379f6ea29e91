"""The data directory: what lies where in it, making it safe to use, one owner at a time, deleting it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from ..errors import ServerError
from . import account
from .messages import explaining

SYSTEM_FOLDER = Path("/var/lib/audit-log-report")  # root's, for data and for programs that others may read
SOCKET_PATH_LIMIT = 100  # the kernel's is 107, less the name of the socket itself
SOCKET_PREFIX = ".s.PGSQL."  # PostgreSQL adds the port
LOCK_SECONDS = 5  # children of a process that was killed take a moment to notice


def default_directory(name: str = "demo") -> Path:
    """Where data is kept between runs: below /var/lib for root, else in the user's data folder."""
    if account.we_are_root():
        return SYSTEM_FOLDER / name
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(home) / "audit-log-report" / name


@dataclass(frozen=True)
class DataDirectory:
    """The files of one server. Others may keep theirs beside them; those are never touched."""

    path: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder; empty until initdb is through."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        return self.path / "server.log"

    @property
    def pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def socket_directory(self) -> Path:
        here = self.path / "run"
        if len(str(here)) <= SOCKET_PATH_LIMIT:
            return here
        # One fixed place per data directory, so that a second run finds the same one.
        digest = sha256(str(self.path).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"auditlog-{digest}"

    @property
    def version(self) -> str | None:
        """The major version of PostgreSQL that made the data; None when there is none yet. Raises OSError."""
        marker = self.data / "PG_VERSION"
        return marker.read_text(encoding="utf-8").strip() if marker.exists() else None

    @property
    def partial(self) -> Path:
        """Where initdb writes. One that outlives a killed owner keeps to its own folder."""
        return self.path / f"data-partial-{os.getpid()}"

    def partials(self) -> list[Path]:
        """What initdb left behind when it was killed half way."""
        return list(self.path.glob("data-partial-*"))

    def sockets(self) -> list[Path]:
        return list(self.socket_directory.glob(f"{SOCKET_PREFIX}*"))

    def prepare(self) -> None:
        """Make the folders and give them to the server's user.

        Raises ServerError when they cannot be made, are somebody else's, or are closed to that user; then none is
        left that was not there before.
        """
        folders = (self.data, self.socket_directory)
        with explaining(self.path):
            missing = [folder for folder in (*folders, self.path, *self.path.parents) if not folder.exists()]
        try:
            with explaining(self.path):
                # The server's user of root must be able to go through.
                self.path.mkdir(parents=True, exist_ok=True, mode=0o755 if account.we_are_root() else 0o700)
                for folder in folders:
                    folder.mkdir(exist_ok=True, mode=0o700)
                    self._require_ours(folder)
                    account.give(folder)
            if account.we_are_root():
                self._require_way_in()
        except ServerError:
            for folder in missing:
                with suppress(OSError):  # it was not made, or somebody else has put something into it
                    folder.rmdir()
            raise

    def lock(self) -> IO[str]:
        """Become the only owner until the file that is returned is closed, or our process ends.

        Raises ServerError when another process is the owner.
        """
        with explaining(self.path):
            lock = self._lock_file.open("a+")
        deadline = time.monotonic() + LOCK_SECONDS
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                lock.close()
                raise ServerError(
                    f"{self.path} is in use by process {holder}: stop that one first, or choose another --data-dir"
                )
            time.sleep(0.1)
        with suppress(OSError):  # only for the message above; the disk may be full
            lock.truncate(0)
            os.write(lock.fileno(), str(os.getpid()).encode())
        return lock

    def clear(self) -> None:
        """Delete what is ours, and only that: the directory may have been somebody's home. Raises OSError."""
        for folder in (self.data, *self.partials(), self.socket_directory):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.log, self._lock_file):
            file.unlink(missing_ok=True)

    @property
    def _lock_file(self) -> Path:
        return self.path / "lock"

    def _require_ours(self, folder: Path) -> None:
        # Whatever is in there will be given to the server's user, and deleted by clear().
        if folder.lstat().st_uid not in (os.geteuid(), account.ids()[0]):
            raise ServerError(f"{folder} belongs to another user: choose another --data-dir")
        names = {path.name for path in folder.iterdir()}
        ours = "PG_VERSION" in names if folder == self.data else all(name.startswith(SOCKET_PREFIX) for name in names)
        if names and not ours:
            raise ServerError(f"{folder} holds something else already: choose another --data-dir")

    def _require_way_in(self) -> None:
        # Opening somebody's home directory to the server's user would be worse than refusing.
        closed = [p for p in self.path.parents if not p.stat().st_mode & 0o001]
        if closed:
            raise ServerError(
                f'the server cannot run as root, and its user "{account.SERVER_USER}" may not enter {closed[-1]}: '
                "choose a --data-dir below /var/lib, or run as an ordinary user"
            )


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
