"""What people read when the server cannot start: one line that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ..errors import ServerError

DISK_FULL = "the disk is full: free some space (about 100 MB), then start again; nothing that was committed is lost"

# What the system says, and what PostgreSQL says when a part of a page still found room.
SIGNS_OF_FULL_DISK = ("No space left on device", "wrote only")


def tells_of_full_disk(text: str) -> bool:
    return any(sign in text for sign in SIGNS_OF_FULL_DISK)


@contextmanager
def explaining(directory: Path) -> Generator[None]:
    """Around work on a data directory. Raises ServerError in place of an OSError."""
    try:
        yield
    except OSError as error:
        raise ServerError(_explain_os_error(directory, error)) from None


def _explain_os_error(directory: Path, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return f"{error.filename or directory} is not yours to write: choose another --data-dir"
    if error.errno == errno.ENOSPC:
        return DISK_FULL
    return f"{directory}: {error.strerror}"


def explain_output(output: bytes) -> str:
    """The one line that matters of what initdb or the server printed before it gave up."""
    text = output.decode(errors="replace").strip()
    if tells_of_full_disk(text):
        return DISK_FULL
    if "already in use" in text:
        return "its socket or port is taken by another server: stop that one, or choose another --data-dir"
    lines = [line for line in text.splitlines() if "FATAL" in line or "PANIC" in line or "error:" in line]
    return (lines or text.splitlines() or ["it printed nothing"])[-1]
