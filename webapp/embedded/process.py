"""The server as a process: launching it, waiting until it is ready, stopping it, outliving a killed owner's."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

from ..errors import ServerError
from . import account
from .directory import DataDirectory
from .messages import DISK_FULL, explain_output, tells_of_full_disk

START_SECONDS = 60
STOP_SECONDS = 60

# A shell that becomes the server, and leaves behind a child that waits for the end of its standard
# input. When our process ends, even by SIGKILL, the pipe closes and the server is told to stop.
KEEPER = """exec 3<&0 </dev/null
( { read -r _; kill -INT $$; } <&3 >/dev/null 2>&1 & )
exec "$@" 3<&-"""


def launch(command: list[str], place: DataDirectory) -> subprocess.Popen[bytes]:
    """The server, which runs until stop() or the end of our own process.

    Raises OSError when it cannot be run, and what account.ids() raises.
    """
    with place.log.open("wb") as log:
        return subprocess.Popen[bytes](
            ["/bin/sh", "-c", KEEPER, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for us; the server is stopped in order
            **account.popen_arguments(),
        )


def started(command: list[str], place: DataDirectory) -> subprocess.Popen[bytes]:
    """The server, ready for connections. Raises what launch() and wait_until_ready() raise."""
    deadline = time.monotonic() + STOP_SECONDS
    while True:
        process = launch(command, place)
        try:
            wait_until_ready(process, place)
        except ServerError as error:
            stop(process)
            # Children of a server that was killed hold its memory until they notice.
            if "shared memory block" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        except BaseException:
            stop(process)
            raise
        else:
            return process


def wait_until_ready(process: subprocess.Popen[bytes], place: DataDirectory) -> None:
    """Raises ServerError when the server ends instead, or takes too long; OSError when it left no log."""
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(place):
        if process.poll() is not None:
            reason = DISK_FULL if disk_is_full(place) else explain_output(place.log.read_bytes())
            raise ServerError(f"the server did not start: {reason}")
        if time.monotonic() > deadline:
            raise ServerError(f"the server did not start within {START_SECONDS} s: see {place.log}")
        time.sleep(0.02)


def disk_is_full(place: DataDirectory) -> bool:
    """Whether it is, or was since the server was launched: a server that gives up may leave some room."""
    try:
        nearly_full = shutil.disk_usage(place.path).free < 100_000  # then its log is not complete either
        return nearly_full or tells_of_full_disk(place.log.read_text(errors="replace"))
    except OSError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let the keeper stop the server, and wait for it."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for_predecessor(place: DataDirectory) -> None:
    """After a kill the old server may still be shutting down, or its pid may be somebody else's.

    Raises ServerError when it does not end, and OSError when what it left cannot be removed.
    """
    deadline = time.monotonic() + STOP_SECONDS
    while place.pid_file.exists():
        pid = _pid(place)
        if not _is_server_on(place.data, pid):
            place.pid_file.unlink(missing_ok=True)
            break
        if time.monotonic() > deadline:
            raise ServerError(f"an earlier server (process {pid}) does not stop: kill {pid}, then try again")
        time.sleep(0.1)
    for leftover in place.sockets():
        leftover.unlink()


def _is_server_on(data: Path, pid: int) -> bool:
    import psutil  # comes with the extra "embedded"; commands that start no server do without it

    try:
        return pid != 0 and str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def _is_ready(place: DataDirectory) -> bool:
    lines = _pid_file_lines(place)
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _pid(place: DataDirectory) -> int:
    """The number of the server's process; 0 when the file is gone or damaged."""
    try:
        return int(_pid_file_lines(place)[0])
    except (ValueError, IndexError):
        return 0


def _pid_file_lines(place: DataDirectory) -> list[str]:
    try:
        return place.pid_file.read_text(errors="replace").splitlines()
    except OSError:
        return []
