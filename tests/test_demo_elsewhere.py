"""The demo on a server of somebody: it writes into an empty database only, and alters nothing that it did not make."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.clients.places import auditlog, new_place
from webapp.demo import LOGINS, writers
from webapp.embedded import EmbeddedServer
from webapp.errors import ServerError


@pytest.fixture
def place() -> Iterator[Path]:
    with new_place() as folder:
        yield folder


@pytest.fixture
def own() -> Iterator[EmbeddedServer]:
    """A server of this test's own, because logins belong to a whole server. It asks some for a password."""
    with new_place() as folder:
        rules = folder / "rules"
        rules.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        with EmbeddedServer(folder / "own", settings={"hba_file": str(rules), "fsync": "off"}) as own:
            yield own


def database(own: EmbeddedServer, name: str, *statements: str) -> str:
    run(own.url(), f"create database {name}")
    # Nobody asks postgres for it, but because of it the demo gives each of its logins a password.
    url = own.url(name) + "&password=unused"
    run(url, *statements)
    return url


def run(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """What the last one returned."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def demo_on(url: str, place: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return auditlog("demo", "--no-serve", "--data-dir", str(place / "settings"), *options, AUDITLOG_DATABASE_URL=url)


def refusal(url: str, place: Path) -> str:
    """What it says, after it has left the server as it was."""
    logins = "select rolname, rolpassword from pg_authid order by 1"
    before = run(url, logins)
    done = demo_on(url, place)
    assert done.returncode == 1, done.stdout
    assert run(url, logins) == before
    assert run(url, "select count(*) from pg_namespace where nspname = 'auditlog_demo'") == [(0,)]
    assert not (place / "settings").exists()
    return done.stderr


def test_it_fills_an_empty_database_and_finds_it_again(own: EmbeddedServer, place: Path) -> None:
    url = database(own, "empty", "create schema empty_too", "create sequence public.numbers")
    assert "filled and ready" in demo_on(url, place).stdout
    again = demo_on(url, place)
    assert "with the data of last time" in again.stdout, again.stderr
    assert run(url, "select count(*) > 3000 from audit.events where db_user = 'contacts_import'") == [(True,)]
    assert not (place / "settings/data").exists()
    assert demo_on(database(own, "second"), place).returncode == 0, "its own logins serve a second database"


def test_a_filled_database_of_the_demo_that_was_interrupted_says_how_to_start_over(
    own: EmbeddedServer, place: Path
) -> None:
    url = database(own, "interrupted")
    demo_on(url, place)
    run(url, "update groups set name = 'Customers' where id = 1")
    assert demo_on(url, place).stderr == (
        "Error: the demo was interrupted while it was being filled: drop that database\n"
    )


def test_it_never_resets_a_server_that_is_not_its_own(own: EmbeddedServer, place: Path) -> None:
    done = demo_on(own.url(), place, "--reset")
    assert done.returncode == 1
    assert "drop that database yourself" in done.stderr


@pytest.mark.parametrize(
    ("statements", "table"),
    [
        (["create table users (id int, email text)", "insert into users values (1, 'x@y')"], "public.users"),
        (["create schema shop", 'create table shop."Orders" (id int)'], 'shop."Orders"'),
        (["create table parted (id int) partition by range (id)"], "public.parted"),
        (["create view nothing as select 1"], "public.nothing"),
        (["create schema auditlog_demo", "create table public.t (id int)", "drop schema auditlog_demo"], "public.t"),
    ],
    ids=["users", "another schema", "partitioned", "view", "table"],
)
def test_it_refuses_a_database_in_which_there_is_anything(
    own: EmbeddedServer, place: Path, statements: list[str], table: str
) -> None:
    url = database(own, "theirs", *statements)
    assert refusal(url, place) == (
        f'Error: the database "theirs" is in use (it has the table {table}): '
        "give the demo an empty database (createdb auditlog_demo)\n"
    )
    assert run(url, "select count(*) from pg_namespace where nspname = 'audit'") == [(0,)]


def test_it_refuses_an_audit_log_of_somebody_and_leaves_its_view_of_users_alone(
    own: EmbeddedServer, place: Path
) -> None:
    url = database(own, "audited", "create table people (id int, email text)")
    assert auditlog("migrate", AUDITLOG_DATABASE_URL=url).returncode == 0
    run(
        url,
        "drop table people",
        "create or replace view audit.web_users as select '1' as user_id, 'eve' as login, 'Eve' as name, "
        "'!' as password_hash, true as active, array['audit.view'] as permissions, null::text[] as categories",
    )
    assert 'the database "audited" is in use (it has the table audit.' in refusal(url, place)
    assert run(url, "select login from audit.web_users") == [("eve",)]
    assert run(url, "select to_regclass('public.users')") == [(None,)]


@pytest.mark.parametrize("name", LOGINS)
def test_it_leaves_a_login_alone_that_it_did_not_make(own: EmbeddedServer, place: Path, name: str) -> None:
    url = database(own, "empty", f"create role {name} login password 'theirs'")
    assert refusal(url, place) == (
        f'Error: the server has a login "{name}" that the demo did not make, and leaves as it is: '
        "drop that login, or unset AUDITLOG_DATABASE_URL: the demo then brings a server of its own\n"
    )
    with psycopg.connect(own.url("empty", name) + "&password=theirs") as connection:
        assert connection.execute(
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
        ).fetchone() == (0,)


def test_a_server_that_the_second_driver_cannot_reach_is_told_as_that() -> None:
    with pytest.raises(ServerError, match=r"^pg8000, the demo's second driver, failed: "):
        writers.other_driver("postgresql://crm_sync@127.0.0.1:1/nowhere")
