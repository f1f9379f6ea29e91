"""Fixtures: one real server a worker, one cloned database a test."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

import html5lib
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from pytest_postgresql import factories
from pytest_postgresql.executors import NoopExecutor
from pytest_postgresql.janitor import DatabaseJanitor

from tests.clients.places import new_place
from webapp import create_app, migrations, passwords
from webapp.config import Settings
from webapp.embedded import EmbeddedServer, programs

Connection = psycopg.Connection[Any]

#: Logins that tests connect as; each test database shares them.
LOGINS = {
    "app": "",  # any application: rights on the tables, none in audit
    "web": "in role audit_web",
    "reader": "in role audit_reader",
    "admin": "in role audit_admin",
    "sealer": "in role audit_sealer",
    "streamer": "in role audit_reader, audit_streamer",
    "stranger": "",  # no rights at all
}
PASSWORD = "correct horse battery"
#: What the product hashes passwords with takes its time on purpose, and most tests sign in: they use another.
PRODUCTS_HASHER = passwords.hasher
passwords.hasher = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD_HASH = passwords.hasher.hash(PASSWORD)
SECRET_KEY = "tests-only-secret-key-0123456789abcdef"


# -- nothing skipped is passed -------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """On a developer's machine a missing runtime skips by name; in CI that is a failure."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where nothing may be: {report.longrepr}"
    return report


# -- the server ----------------------------------------------------------------------------------


#: Nothing here has to survive a power cut.
SERVER_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Whoever waits for what others wrote to be on disk, waits for this where nobody commits synchronously.
    "wal_writer_delay": "10ms",
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "wal_level": "logical",
    # Compiling a plan takes longer than any of these takes to run.
    "jit": "off",
}


@pytest.fixture(scope="session", autouse=True)
def bin_dir() -> Path | None:
    """The programs that AUDITLOG_TEST_BINDIR names: a folder of them, or a package that brings them.

    Taken out of the environment: commands refuse AUDITLOG_* variables that they do not know.
    """
    given = os.environ.pop("AUDITLOG_TEST_BINDIR", None)
    return (Path(given) if "/" in given else programs.folder(given)) if given else None


@pytest.fixture(scope="session")
def embedded(bin_dir: Path | None) -> Iterator[EmbeddedServer | None]:
    """A server for this worker: the wheel's, or the one of AUDITLOG_TEST_BINDIR, or none when a URL is given."""
    if os.environ.get("AUDITLOG_DATABASE_URL"):
        yield None
        return
    with new_place() as folder, EmbeddedServer(folder / "server", bin_dir=bin_dir, settings=SERVER_SETTINGS) as server:
        yield server


@pytest.fixture(scope="session")
def own_server(embedded: EmbeddedServer | None) -> EmbeddedServer:
    """That server, for tests that take its programs, or set up another one beside it."""
    if embedded is None:
        pytest.skip("needs a server of the tests' own: unset AUDITLOG_DATABASE_URL")
    return embedded


@pytest.fixture(scope="session")
def server(embedded: EmbeddedServer | None, worker_id: str) -> Iterator[NoopExecutor]:
    """The running server, with a migrated template database, as pytest-postgresql wants it."""
    url = embedded.url() if embedded else os.environ["AUDITLOG_DATABASE_URL"]
    parts = conninfo_to_dict(url)
    executor = NoopExecutor(
        host=str(parts.get("host", "")),
        port=int(parts.get("port") or 5432),
        user=str(parts.get("user", "postgres")),
        password=str(parts["password"]) if parts.get("password") else None,
        options="",
        dbname=f"tests_{worker_id}",
    )
    template = DatabaseJanitor(
        user=executor.user,
        host=executor.host,
        port=executor.port,
        password=executor.password,
        dbname=executor.template_dbname,
        as_template=True,
    )
    template.drop()
    with template:
        template.load(_migrate)
        yield executor


def _migrate(host: str, port: int, user: str, dbname: str, password: str | None, **_: Any) -> None:
    url = make_conninfo("", host=host, port=port, user=user, dbname=dbname, password=password)
    migrations.migrate(url, with_reference_tables=True)
    with psycopg.connect(url, autocommit=True) as connection:
        for login, membership in LOGINS.items():
            if not connection.execute("select 1 from pg_roles where rolname = %s", (login,)).fetchone():
                connection.execute(f"create role {login} login {membership}".encode())
        connection.execute("grant select, insert, update, delete, truncate on all tables in schema public to app")
        connection.execute("grant usage on all sequences in schema public to app")


#: A superuser's connection to this test's own database.
postgresql = factories.postgresql("server")


@dataclass
class Database:
    """This test's own database, and ways into it."""

    url: str
    superuser: Connection
    _open: list[Connection] = field(default_factory=list[Connection])

    def url_of(self, login: str, **settings: Any) -> str:
        return make_conninfo(self.url, user=login, **settings)

    def connect(self, login: str = "app", *, autocommit: bool = True, **settings: Any) -> Connection:
        """A new connection as one of LOGINS (or postgres); closed after the test."""
        user = None if login == "postgres" else login
        url = make_conninfo(self.url, **({"user": user} if user else {}), **settings)
        connection: Connection = psycopg.connect(url, autocommit=autocommit)
        self._open.append(connection)
        return connection

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """As the superuser, committed at once."""
        cursor = self.superuser.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *values: Any) -> Any:
        """The first column of the first row."""
        return self.run(statement, *values)[0][0]

    def events(self, condition: str = "action <> 'configure'", *values: Any) -> list[dict[str, Any]]:
        """Events in the order they were written."""
        with self.superuser.cursor(row_factory=dict_row) as rows:
            statement = f"select * from audit.events where {condition} order by event_id"
            return rows.execute(statement.encode(), values or None).fetchall()

    def last(self) -> dict[str, Any]:
        """The event that was written last. A log that tests share is long: nothing else of it is read."""
        return self.events("event_id = (select max(event_id) from audit.log where action <> 'c')")[0]

    def close(self) -> None:
        for connection in self._open:
            connection.close()


@pytest.fixture
def db(postgresql: Connection, server: NoopExecutor) -> Iterator[Database]:
    """A migrated database of this test's own, with the reference tables under capture."""
    postgresql.autocommit = True
    url = make_conninfo(
        "", host=server.host, port=server.port, user=server.user, password=server.password, dbname=server.dbname
    )
    database = Database(url, postgresql)
    yield database
    database.close()


@contextmanager
def cloned(server: NoopExecutor, suffix: str, template: str | None = None) -> Generator[str]:
    """The address of a copy of the template, or of another copy by its suffix."""
    address = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    name = f"{server.dbname}_{suffix}"
    with psycopg.connect("", autocommit=True, dbname="postgres", **address) as connection:
        connection.execute(f"drop database if exists {name} with (force)".encode())
        source = f"{server.dbname}_{template}" if template else server.template_dbname
        connection.execute(f"create database {name} template {source}".encode())
        yield make_conninfo("", dbname=name, **address)
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def blank(db: Database) -> Iterator[str]:
    """The address of an empty database: nothing migrated."""
    name = f"{conninfo_to_dict(db.url)['dbname']}_blank"
    db.run(f"drop database if exists {name} with (force)")
    db.run(f"create database {name}")
    yield make_conninfo(db.url, dbname=name)
    db.run(f"drop database {name} with (force)")


# -- the web application -------------------------------------------------------------------------


class CompiledTemplates(BytecodeCache):
    """Templates compiled once a process: each test has an application of its own, which would compile them again."""

    def __init__(self) -> None:
        self.code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self.code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.code[bucket.key] = bucket.bytecode_to_string()


Flask.jinja_options = {"bytecode_cache": CompiledTemplates()}

PEOPLE = {
    "admin": (1, "Alex Morgan", "admin@example.org", "administrator"),
    "auditor": (2, "Mei Tanaka", "mei@example.org", "auditor"),
    "plain": (3, "Oskar Lind", "oskar@example.org", "member"),
}


def add_people(db: Database) -> None:
    """An administrator, an auditor and a plain user, all with PASSWORD."""
    for person in PEOPLE.values():
        db.run(
            "insert into users (id, name, email, role, password_hash) values (%s, %s, %s, %s, %s)",
            *person,
            PASSWORD_HASH,
        )
    db.run("select setval(pg_get_serial_sequence('users', 'id'), 100)")


@pytest.fixture
def people(db: Database) -> dict[str, tuple[int, str, str, str]]:
    add_people(db)
    return PEOPLE


def settings_for(db: Database) -> Settings:
    return Settings(database_url=db.url_of("web"), secret_key=SECRET_KEY, pool_size=4)


@pytest.fixture
def settings(db: Database) -> Settings:
    return settings_for(db)


@pytest.fixture
def app(settings: Settings, people: object) -> Iterator[Flask]:
    application = create_app(settings)
    yield application
    application.extensions["pool"].close()


class Browser:
    """A test client that checks every page it is given."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, status: int = 200) -> str:
        """The HTML of a page, which must be valid and answer with `status`."""
        response = self.client.get(path)
        assert response.status_code == status, (
            f"GET {path}: {response.status}, expected {status}\n{response.text[:2000]}"
        )
        if response.mimetype == "text/html" and status < 300:
            check_page(response.text, path)
        return response.text

    def post(self, path: str, page: str = "/login", status: int = 302, **fields: str) -> Any:
        """Submit a form with the CSRF token of `page`."""
        response = self.client.post(path, data={"csrf_token": csrf_token(self.client.get(page).text), **fields})
        assert response.status_code == status, (
            f"POST {path}: {response.status}, expected {status}\n{response.text[:2000]}"
        )
        return response

    def sign_in(self, email: str, password: str = PASSWORD, status: int = 302) -> Browser:
        self.post("/login", login=email, password=password, status=status)
        return self


def csrf_token(html: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found, "the page has no CSRF token"
    return unescape(found[1])


@lru_cache(maxsize=16)
def parsed(html: str) -> Any:
    """A page as a tree, to be read only. Raises where it is not valid HTML."""
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)


def check_page(html: str, path: str) -> None:
    """Valid HTML, a title, one h1, no duplicate ids, nothing inline."""
    document = parsed(html)
    title = document.findtext(".//title") or ""
    assert title.strip(), f"{path} has no title"
    assert len(document.findall(".//h1")) == 1, f"{path} has not exactly one h1"
    ids = [element.get("id") for element in document.iter() if element.get("id")]
    assert len(ids) == len(set(ids)), f"{path} repeats an id: {sorted(i for i in ids if ids.count(i) > 1)}"
    assert not [s for s in document.iter("script") if not s.get("src")], f"{path} has an inline script"
    assert not [e for e in document.iter() if e.get("style")], f"{path} has an inline style"
    assert not [a for e in document.iter() for a in e.attrib if a.startswith("on")], f"{path} has an inline handler"


@pytest.fixture
def visitor(app: Flask) -> Callable[..., Browser]:
    """visitor() is nobody; visitor("auditor") is signed in."""

    def make(who: str | None = None) -> Browser:
        browser = Browser(app.test_client())
        return browser.sign_in(PEOPLE[who][2]) if who else browser

    return make
