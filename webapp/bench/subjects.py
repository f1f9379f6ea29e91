"""What is compared, and how each is set up: as its documentation tells its users, with default settings."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import psycopg

from .. import migrations
from ..errors import AuditLogError
from .statements import TABLE

Connection = psycopg.Connection[Any]

NONE, FLOOR, OURS = "none", "floor", "audit-log-report"
#: The environment variable in which an installing process gets the address: arguments are seen by everybody.
ADDRESS = "BENCH_DATABASE_URL"


class NotHereError(AuditLogError):
    """A subject cannot be installed here; the message says why, and how it could."""


@dataclass(frozen=True)
class Subject:
    """One way of capturing changes of the table contacts."""

    name: str
    about: str
    #: Sets it up in a database that has the table; raises NotHereError.
    install: Callable[[str], None]
    #: Regular expression for the tables that it writes to, with their schema.
    writes_to: str = "^$"
    #: Others may fail without an end to the run.
    is_peer: bool = False
    #: It has no trigger: the workload records the rows.
    by_hand: bool = False


def create_table(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)


def _nothing(url: str) -> None:
    pass


def _ours(url: str) -> None:
    migrations.migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select audit.track('contacts')")


def _floor(url: str) -> None:
    migrations.migrate(url)


def _by_python(module: str, package: str) -> Callable[[str], None]:
    """Installed by the library itself, in a process of its own: Django and SQLAlchemy keep global state."""

    def install(url: str) -> None:
        if importlib.util.find_spec(module) is None:
            raise NotHereError(
                f"the Python package {package} is not installed: scripts/bootstrap --dev, or pip install {package}"
            )
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", f"webapp.bench.peers.{_INSTALLERS[module]}"],
            env=os.environ | {ADDRESS: url},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotHereError((done.stderr.strip().splitlines() or ["its installation failed without a word"])[-1])

    return install


_INSTALLERS = {"pghistory": "django_app", "postgresql_audit": "sqlalchemy_app"}


def _by_extension(name: str, package: str, *statements: str) -> Callable[[str], None]:
    def install(url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            if not connection.execute("select 1 from pg_available_extensions where name = %s", (name,)).fetchone():
                version = connection.info.server_version // 10_000
                raise NotHereError(
                    f"not on this server: on Debian, apt-get install postgresql-{version}-{package} "
                    "and --bindir of that server"
                )
            for statement in statements:
                connection.execute(statement.encode())

    return install


SUBJECTS = (
    Subject(NONE, "no capture", _nothing),
    Subject(FLOOR, "our audit rows, written by one INSERT and no trigger", _floor, r"^audit\.log_", by_hand=True),
    Subject(OURS, "audit.track('contacts')", _ours, r"^audit\.log_"),
    Subject(
        "django-pghistory",
        "pghistory.track() with insert, update and delete events (by default it has no delete event)",
        _by_python("pghistory", "django-pghistory"),
        r"^public\.(django_app_|pghistory_)",
        is_peer=True,
    ),
    Subject(
        "postgresql-audit",
        "versioning_manager with its default statement triggers",
        _by_python("postgresql_audit", "postgresql-audit"),
        r"^public\.(activity|transaction)$",
        is_peer=True,
    ),
    Subject(
        "tablelog",
        "table_log_init(5, 'contacts'): two rows for an update",
        _by_extension("table_log", "tablelog", "create extension table_log", "select table_log_init(5, 'contacts')"),
        r"^public\.contacts_log$",
        is_peer=True,
    ),
    Subject(
        "periods",
        "system versioning: rows that ended; an insert leaves none, and the table gets two more columns",
        _by_extension(
            "periods",
            "periods",
            "create extension periods cascade",
            "select periods.add_system_time_period('contacts', 'row_start', 'row_end')",
            "select periods.add_system_versioning('contacts')",
        ),
        r"^public\.contacts_history$",
        is_peer=True,
    ),
)


def version(subject: Subject, connection: Connection) -> str | None:
    """The version of a subject, where it has one."""
    package = OURS if subject.name in (FLOOR, OURS) else subject.name
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        row = connection.execute(
            "select extversion from pg_extension where extname = %s", ({"tablelog": "table_log"}.get(package, package),)
        ).fetchone()
        return row[0] if row else None


def chosen(names: list[str], among: tuple[Subject, ...] = SUBJECTS) -> tuple[Subject, ...]:
    """The subjects of these names, or all. Raises AuditLogError for a name that is none."""
    known = {subject.name for subject in among}
    if unknown := [name for name in names if name not in known]:
        raise AuditLogError(f'--only: there is no "{unknown[0]}"; there are {", ".join(s.name for s in among)}')
    # Everything is told relative to no capture.
    return tuple(s for s in among if not names or s.name in (*names, NONE))
