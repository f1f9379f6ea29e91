"""Whom the server runs as: us, or for root an unprivileged user, because PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Any

from ..errors import ServerError

SERVER_USER = "auditlog"


def we_are_root() -> bool:
    return os.geteuid() == 0


def ids() -> tuple[int, int]:
    """User and group of the server.

    For root, creates SERVER_USER when it is missing; raises ServerError when there is no program for that.
    """
    if not we_are_root():
        return os.geteuid(), os.getegid()
    try:
        entry = pwd.getpwnam(SERVER_USER)
    except KeyError:
        _create()
        entry = pwd.getpwnam(SERVER_USER)
    return entry.pw_uid, entry.pw_gid


def give(path: Path) -> None:
    """Make a file or folder of ours the server's. Raises what ids() raises, and OSError."""
    if we_are_root():
        os.chown(path, *ids())


def popen_arguments() -> dict[str, Any]:
    """What makes subprocess run a program as the server's user. Raises what ids() raises."""
    if not we_are_root():
        return {}
    uid, gid = ids()
    return {"user": uid, "group": gid, "extra_groups": []}


def _create() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise ServerError(
            f'the server cannot run as root, and there is no useradd to make the user "{SERVER_USER}": '
            "create that user, or run as an ordinary user"
        )
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
        capture_output=True,
        check=False,  # a second process may have made it just now
    )
