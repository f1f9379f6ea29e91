"""Where the benchmark runs: a server of its own, or that of AUDITLOG_DATABASE_URL. Nothing stays behind on either."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from ..embedded import EmbeddedServer
from ..errors import ConfigurationError, ServerError

#: Durability as PostgreSQL ships it. No checkpoint and no vacuum of its own accord falls into a measurement.
SETTINGS = {
    "shared_buffers": "256MB",
    "autovacuum": "off",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
}
#: What a reader of the figures has to know of the server.
SHOWN = ("shared_buffers", "fsync", "full_page_writes", "autovacuum", "max_wal_size", "data_checksums")

Connection = psycopg.Connection[Any]


@dataclass
class Server:
    """A server, and the databases that are the benchmark's own."""

    url: str
    _databases: list[str] = field(default_factory=list[str])

    def connect(self) -> Connection:
        return psycopg.connect(self.url, autocommit=True, application_name="auditlog bench")

    def create(self, name: str, template: str = "template0") -> str:
        """A database for us alone, as a copy of another; returns its address."""
        own = self._own(name)
        source = template if template == "template0" else self._own(template)
        self._databases.append(own)
        with self.connect() as connection:
            connection.execute(
                sql.SQL("create database {} template {}").format(sql.Identifier(own), sql.Identifier(source))
            )
        return make_conninfo(self.url, dbname=own)

    def drop(self, name: str) -> None:
        self._drop(self._own(name))

    def clean(self) -> None:
        for database in reversed(self._databases.copy()):
            self._drop(database)

    def described(self) -> dict[str, str]:
        """Its version, and the settings that matter."""
        with self.connect() as connection:
            rows = connection.execute(
                "select name, current_setting(name) from pg_settings where name = any (%s)", (list(SHOWN),)
            ).fetchall()
            version = connection.execute("select current_setting('server_version')").fetchone()
        assert version is not None
        return {"version": version[0], **dict(sorted(rows))}

    def _own(self, name: str) -> str:
        # Two runs on one server keep to their own, and neither can meet a database of somebody else.
        return f"auditlog_bench_{os.getpid()}_{name}"

    def _drop(self, database: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))
        self._databases.remove(database)


@contextmanager
def running(bin_dir: Path | None) -> Generator[Server]:
    """The server to measure on. Raises ServerError or ConfigurationError with the cure."""
    url = os.environ.get("AUDITLOG_DATABASE_URL", "").strip()
    if url and bin_dir:
        raise ConfigurationError(
            "--bindir starts a server, and AUDITLOG_DATABASE_URL names one that runs: give only one of them"
        )
    with _ending_in_order(), _visiting(Server(url)) if url else _own_server(bin_dir) as server:
        yield server


@contextmanager
def _ending_in_order() -> Generator[None]:
    """SIGTERM ends the run as Ctrl-C does, so that nothing of it stays behind."""

    def end(number: int, _frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # a second one would interrupt the cleaning up
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _own_server(bin_dir: Path | None) -> Generator[Server]:
    if bin_dir and not (bin_dir / "initdb").exists():
        raise ServerError(
            f"--bindir: there is no initdb in {bin_dir}: "
            "give the folder of PostgreSQL's programs, such as /usr/lib/postgresql/15/bin"
        )
    with tempfile.TemporaryDirectory(prefix="auditlog-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # the server's user must be able to go through
        with EmbeddedServer(Path(folder) / "server", bin_dir=bin_dir, settings=SETTINGS) as server:
            yield Server(server.url())


@contextmanager
def _visiting(server: Server) -> Generator[Server]:
    """On somebody's server: databases and roles that were not there before are dropped afterwards."""
    with server.connect() as connection:
        row = connection.execute("select usesuper from pg_user where usename = current_user").fetchone()
        if not row or not row[0]:
            raise ServerError(
                "AUDITLOG_DATABASE_URL: the benchmark creates databases and extensions and runs CHECKPOINT: "
                "name a superuser, on a server that is not in use"
            )
        before = _roles(connection)
    try:
        yield server
    finally:
        server.clean()
        with server.connect() as connection:
            for role in sorted(_roles(connection) - before):
                connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(role)))


def _roles(connection: Connection) -> set[str]:
    """The roles that our migrations make."""
    return {name for (name,) in connection.execute(r"select rolname from pg_roles where rolname ~ '^audit_'")}
