"""A second kind of database: one for all tests that only write to the reference tables."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from tests.conftest import Database, cloned
from tests.sql.strategies import TYPES


@pytest.fixture(scope="session")
def shared_url(server: NoopExecutor) -> Iterator[str]:
    with cloned(server, "shared") as url:
        yield url


@pytest.fixture(scope="module")
def laws(server: NoopExecutor) -> Iterator[Database]:
    """One database for all random tables of a file, which come and go."""
    with cloned(server, "laws") as url, psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(TYPES.encode())
        database = Database(url, superuser)
        yield database
        database.close()


@pytest.fixture
def shared(shared_url: str) -> Iterator[Database]:
    """A database whose reference tables are empty. Its log is not: see watch().

    Copying a database for each test would cost more than most tests. Whoever creates or alters
    anything asks for `db` instead.
    """
    with psycopg.connect(shared_url, autocommit=True) as superuser:
        superuser.execute("truncate users, user_permissions, contacts, groups, contact_groups restart identity")
        superuser.execute("truncate audit.export_rights, audit.export_tickets")
        superuser.execute("truncate audit.sign_in_attempts, audit.password_links, audit.totp, audit.recovery_codes")
        database = Database(shared_url, superuser)
        yield database
        database.close()


@pytest.fixture
def passing(shared: Database) -> Generator[Database]:
    """The shared database, in a transaction that is rolled back: for tests that alter things over one connection."""
    with shared.superuser.transaction(force_rollback=True):
        yield shared


@pytest.fixture
def things(db: Database) -> Database:
    """A table that nobody tracks yet, with two rows."""
    db.run("create table things (id int primary key, name text, pin text, colour text)")
    db.run("insert into things values (1, 'one', 'p', 'red'), (2, 'two', 'p', 'red')")
    return db


@pytest.fixture
def stock(db: Database) -> Database:
    """Two tracked rows, a table nobody tracks to take values from, and an application that may write to both."""
    db.run("create table stock (id integer primary key, amount integer, note text)")
    db.run("create table delivery (id integer, amount integer)")
    db.run("insert into stock values (1, 10), (2, 20)")
    db.run("insert into delivery values (2, 5), (3, 30)")
    db.run("grant all on stock, delivery to app")
    db.run("select audit.track('stock')")
    return db
