"""A second kind of database: one for all tests that only write to the reference tables."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

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


@pytest.fixture(scope="session")
def ready() -> Iterator[tuple[ExitStack, set[str]]]:
    """What keeps databases that are only cloned, and their names."""
    with ExitStack() as kept:
        yield kept, set()


Prepared = Callable[[str, Callable[[Database], object]], Database]


@pytest.fixture
def prepared(server: NoopExecutor, ready: tuple[ExitStack, set[str]]) -> Iterator[Prepared]:
    """prepared(name, prepare) is a database of the test's own, cloned from one that was prepared once."""
    kept, names = ready

    def database(ending: ExitStack, url: str) -> Database:
        opened = Database(url, ending.enter_context(psycopg.connect(url, autocommit=True)))
        ending.callback(opened.close)
        return opened

    with ExitStack() as of_the_test:

        def clone(name: str, prepare: Callable[[Database], object]) -> Database:
            if name not in names:
                url = kept.enter_context(cloned(server, f"ready_{name}"))
                with ExitStack() as preparing:
                    prepare(database(preparing, url))
                names.add(name)
            return database(of_the_test, of_the_test.enter_context(cloned(server, name, f"ready_{name}")))

        yield clone


@pytest.fixture
def things(db: Database) -> Database:
    """A table that nobody tracks yet, with two rows."""
    db.run("create table things (id int primary key, name text, pin text, colour text)")
    db.run("insert into things values (1, 'one', 'p', 'red'), (2, 'two', 'p', 'red')")
    return db


STOCK = """
create table stock (id integer primary key, amount integer, note text);
create table delivery (id integer, amount integer);
insert into stock values (1, 10), (2, 20);
insert into delivery values (2, 5), (3, 30);
grant all on stock, delivery to app;
select audit.track('stock')
"""


@pytest.fixture
def stock(prepared: Prepared) -> Database:
    """Two tracked rows, a table nobody tracks to take values from, and an application that may write to both."""
    return prepared("stock", lambda db: db.run(STOCK))
