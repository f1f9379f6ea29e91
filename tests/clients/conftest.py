"""A server that applications reach over TCP with a password, and the applications."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from tests.clients.npm import npm_installed
from tests.clients.places import environment, free_port, new_place
from tests.conftest import SERVER_SETTINGS
from webapp import embedded, migrations
from webapp.embedded import EmbeddedServer

HERE = Path(__file__).parent
JDBC = Path("/usr/share/java/postgresql.jar")
LOGIN = "crm"
PASSWORD = "only for the tests"


@dataclass
class Crm:
    """A database with contacts under capture, and the programs of an organisation that write to them."""

    port: int
    superuser: psycopg.Connection[Any]

    def environment(self, password: str = PASSWORD) -> dict[str, str]:
        return environment() | {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": LOGIN,
            "PGPASSWORD": password,
            "PGDATABASE": self.superuser.info.dbname,
        }

    def run(self, command: list[str], **settings: str) -> str:
        """What the program printed."""
        done = subprocess.run(
            command, env=self.environment() | settings, cwd=HERE, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def event_of(self, email: str) -> dict[str, Any]:
        """The one event about the contact with this address."""
        with self.superuser.cursor(row_factory=dict_row) as rows:
            found = rows.execute("select * from audit.events where after ->> 'email' = %s", (email,)).fetchall()
        assert len(found) == 1, f"{len(found)} events about {email}"
        return found[0]


@pytest.fixture(scope="session")
def crm(bin_dir: Path | None) -> Iterator[Crm]:
    with new_place() as place:
        port = free_port()
        server = EmbeddedServer(
            place / "server",
            bin_dir=bin_dir,
            # Compiling plans is on, as servers come: migrating must not take minutes for it.
            settings=SERVER_SETTINGS | {"listen_addresses": "127.0.0.1", "port": str(port), "jit": "on"},
        )
        with server:
            # What a new data directory trusts, this one does not: over TCP only with the password.
            (server.data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute("select pg_reload_conf()")
                connection.execute("create database clients")
            migrations.migrate(server.url("clients"), with_reference_tables=True)
            with psycopg.connect(server.url("clients"), autocommit=True) as connection:
                name = sql.Identifier(LOGIN)
                connection.execute(sql.SQL("create role {} login password {}").format(name, PASSWORD))
                connection.execute(sql.SQL("grant select, insert, update, delete on contacts to {}").format(name))
                connection.execute(sql.SQL("grant usage on all sequences in schema public to {}").format(name))
                yield Crm(port, connection)


# -- the commands that run each client -----------------------------------------------------------


def psql() -> list[str]:
    return [str(embedded.psql()), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]


def python(file: str) -> list[str]:
    return [sys.executable, str(HERE / file)]


def node(file: str = "client.mjs") -> list[str]:
    program = shutil.which("node") or pytest.skip("node is not installed")
    npm_installed(HERE)
    return [program, str(HERE / file)]


def java() -> list[str]:
    program = shutil.which("java") or pytest.skip("java is not installed")
    if not JDBC.exists():
        pytest.skip(f"{JDBC} is missing: apt-get install libpostgresql-jdbc-java")
    return [program, "-XX:TieredStopAtLevel=1", "-cp", str(JDBC), str(HERE / "Client.java")]
