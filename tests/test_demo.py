"""The demo tells a true story: everything in it was written by a real client, or is marked as imported."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.clients.places import AUDITLOG, auditlog, environment, new_place
from webapp.demo.people import ADMINISTRATOR
from webapp.embedded import EmbeddedServer
from webapp.passwords import hasher

SECONDS = 30  # for anything that takes a moment


class Data:
    """What a demo has written, read as superuser from its own server."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(EmbeddedServer(self.directory).url("auditlog_demo")) as connection:
            return connection.execute(query.encode()).fetchall()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]


@pytest.fixture
def place() -> Iterator[Path]:
    with new_place() as folder:
        yield folder / "demo"


# -- the story -----------------------------------------------------------------------------------


class Told:
    """A demo that was prepared once, and its server."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.began = datetime.now(UTC)
        self.said = auditlog("demo", "--no-serve", "--data-dir", str(directory))
        self.ended = datetime.now(UTC)
        assert self.said.returncode == 0, self.said.stderr
        self.data = Data(directory)


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    with new_place() as folder:
        told = Told(folder / "demo")
        with EmbeddedServer(told.directory):
            yield told


def test_it_prints_address_login_and_password_and_nothing_else_into_a_pipe(told: Told) -> None:
    lines = [line.split(maxsplit=1) for line in told.said.stdout.splitlines() if line.startswith("  ")]
    assert [name for name, *_ in lines] == ["Address", "Sign", "Password"]
    assert "http://127.0.0.1:8000/" in told.said.stdout
    assert ADMINISTRATOR[2] in told.said.stdout
    assert told.said.stderr == ""


def test_the_printed_password_is_the_administrators(told: Told) -> None:
    stored = told.data.value(f"select password_hash from users where email = '{ADMINISTRATOR[2]}'")
    assert hasher.verify(stored, password_in(told.said.stdout))


def test_nobody_else_can_read_the_password_on_disk(told: Told) -> None:
    for file in ("administrator-password", "secret-key"):
        assert (told.directory / file).stat().st_mode & 0o777 == 0o600


def test_imported_events_are_older_than_six_weeks_and_marked(told: Told) -> None:
    oldest, count = told.data.rows("select min(occurred_at), count(*) from audit.events where imported_at is not null")[
        0
    ]
    assert oldest < told.began - timedelta(weeks=6)
    assert count > 300
    assert told.data.rows("select distinct db_user, application from audit.events where imported_at is not null") == [
        ("postgres", "previous system")
    ]


def test_no_captured_event_is_backdated(told: Told) -> None:
    first, last = told.data.rows(
        "select min(occurred_at), max(occurred_at) from audit.events where imported_at is null"
    )[0]
    assert told.began <= first <= last <= told.ended


def test_every_row_in_the_tables_has_its_captured_insert(told: Told) -> None:
    for table in ("contacts", "groups", "users"):
        assert told.data.rows(
            f"select id::text from {table} except "
            f"select record_id from audit.events "
            f"where table_name = '{table}' and action = 'insert' and imported_at is null"
        ) == []  # fmt: skip


def test_an_import_job_copied_thousands_of_contacts_for_nobody(told: Told) -> None:
    assert told.data.value(
        "select count(*) from audit.events where db_user = 'contacts_import' and application = 'nightly-import' "
        "and action = 'insert' and entity = 'contact' and actor_id is null and imported_at is null"
    ) > 3_000  # fmt: skip
    assert told.data.value("select count(distinct xact_id) from audit.events where db_user = 'contacts_import'") == 1


@pytest.mark.parametrize(
    ("what", "condition"),
    [
        ("a DBA in psql, who names nobody", "db_user = 'maria_dba' and application = 'psql' and actor_id is null"),
        ("another driver, which names a job", "db_user = 'crm_sync' and actor_id = 'crm-sync-job'"),
        ("an export by ticket", "action = 'export' and context -> 'export' ->> 'reason' = 'Christmas cards'"),
        ("a deleted user", "entity = 'user' and action = 'delete' and record_label = 'Oskar Lind'"),
        ("a role change", "entity = 'user' and changed_fields = '{role}' and after ->> 'role' = 'editor'"),
        ("a permission", "entity = 'user' and table_name = 'user_permissions' and action = 'insert'"),
        ("a renamed group", "entity = 'group' and record_label = 'Customers 2026' and action = 'update'"),
        ("a deleted contact", "entity = 'contact' and action = 'delete' and actor_name is not null"),
    ],
)
def test_the_story_has(told: Told, what: str, condition: str) -> None:
    assert told.data.value(f"select count(*) from audit.events where imported_at is null and {condition}") > 0, what


def test_capture_is_whole(told: Told) -> None:
    assert told.data.rows("select table_name, problem from audit.status() where problem is not null") == []


def test_no_password_hash_is_in_the_log(told: Told) -> None:
    hashes = [row[0] for row in told.data.rows("select password_hash from users where password_hash like '$%'")]
    assert hashes
    assert told.data.value("select count(*) from audit.events where concat(before, after) like '%$argon2%'") == 0


# -- a second time -------------------------------------------------------------------------------


def test_a_second_run_writes_nothing_again_and_a_reset_starts_over(place: Path) -> None:
    first = auditlog("demo", "--no-serve", "--data-dir", str(place))
    with EmbeddedServer(place):
        before = Data(place).value("select count(*) from audit.events")
    second = auditlog("demo", "--no-serve", "--data-dir", str(place))
    assert "ready, with the data of last time" in second.stdout
    assert password_in(second.stdout) == password_in(first.stdout)
    with EmbeddedServer(place):
        assert Data(place).value("select count(*) from audit.events") == before

    third = auditlog("demo", "--no-serve", "--reset", "--data-dir", str(place))
    assert "filled and ready" in third.stdout
    assert password_in(third.stdout) != password_in(first.stdout)
    with EmbeddedServer(place):
        assert Data(place).value("select count(*) from users where id = 1") == 1


def test_a_demo_that_was_killed_while_it_was_filled_says_how_to_start_over(place: Path) -> None:
    process = subprocess.Popen([AUDITLOG, "demo", "--no-serve", "--data-dir", str(place)], env=environment())
    url = EmbeddedServer(place).url("auditlog_demo")
    deadline = time.monotonic() + SECONDS
    while not _has_users(url):
        assert time.monotonic() < deadline, "nobody was added"
    process.kill()
    process.wait()
    again = auditlog("demo", "--no-serve", "--data-dir", str(place))
    if again.returncode == 0:  # it had just finished
        assert "with the data of last time" in again.stdout
    else:
        assert again.stderr == "Error: the demo was interrupted while it was being filled: start over with --reset\n"
    assert auditlog("demo", "--no-serve", "--reset", "--data-dir", str(place)).returncode == 0


def _has_users(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            return connection.execute("select 1 from users limit 1").fetchone() is not None
    except psycopg.Error:
        return False


def password_in(output: str) -> str:
    found = re.search(r"Password  (\S+)", output)
    assert found, output
    return found[1]
