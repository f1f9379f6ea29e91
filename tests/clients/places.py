"""Where servers of tests keep their data, and what their programs find in the environment."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent
AUDITLOG = str(Path(sys.executable).parent / "auditlog")
MEMORY = Path("/dev/shm")
ROOM = 2_000_000_000


@contextmanager
def new_place() -> Generator[Path]:
    """An empty folder that everybody may go through (pytest's own is closed); in memory, where there is room."""
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    parent = MEMORY if in_memory else None
    with tempfile.TemporaryDirectory(prefix="auditlog-tests-", dir=parent, ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


def environment(**settings: str) -> dict[str, str]:
    """Ours, without the variables that would lead a program to another database."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AUDITLOG_", "PG"))} | settings


def auditlog(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command line, as a program whose output goes into pipes."""
    return subprocess.run(
        [AUDITLOG, *arguments], env=environment(**settings), capture_output=True, text=True, timeout=120
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
