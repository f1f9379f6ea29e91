"""The first run: PostgreSQL's own folder, made by initdb."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ..errors import ServerError
from . import account
from .directory import DataDirectory
from .messages import explain_output


def create_data(place: DataDirectory, initdb: Path) -> None:
    """Fill the empty data folder, all at once: a half-made one is never taken for whole.

    Raises ServerError when initdb fails, OSError when its folder cannot be made, and what account.ids() raises.
    """
    for leftover in place.partials():
        shutil.rmtree(leftover, ignore_errors=True)
    place.partial.mkdir(mode=0o700)
    account.give(place.partial)
    done: subprocess.CompletedProcess[bytes] = subprocess.run(  # noqa: S603 - our own program, fixed arguments
        [
            str(initdb),
            f"--pgdata={place.partial}",
            "--username=postgres",
            "--auth=trust",  # only who may enter the 0700 socket folder gets this far
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        check=False,
        **account.popen_arguments(),
    )
    if done.returncode != 0:
        shutil.rmtree(place.partial, ignore_errors=True)
        raise ServerError(f"cannot create the database in {place.data}: {explain_output(done.stdout)}")
    place.partial.rename(place.data)
