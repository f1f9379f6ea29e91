"""`auditlog user`: people who may sign in, and the events that this leaves."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.test_cli import Run, error, invoke
from webapp.passwords import MINIMUM, hasher

MEI = "mei@example.org"


@pytest.fixture
def run(db: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("disable", EMAIL) on this test's own database."""
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url)
    return lambda *arguments, **options: invoke("user", *arguments, **options)


@pytest.fixture
def mei(run: Run) -> str:
    """Mei's password, after she was added."""
    added = run("add", MEI, "--name", "Mei Tanaka", "--role", "auditor")
    assert added.exit_code == 0, added.output
    assert added.output.startswith(f"{MEI} was added as auditor. Password: ")
    return added.output.split()[-1]


def stored(db: Database) -> str:
    return db.value("select password_hash from users where email = %s", MEI)


def test_somebody_who_is_added_gets_a_password_that_works(db: Database, mei: str) -> None:
    assert len(mei) >= MINIMUM
    assert hasher.verify(stored(db), mei)
    assert db.run("select name, role, active from users") == [("Mei Tanaka", "auditor", True)]


def test_a_password_is_neither_stored_nor_logged_in_the_clear(db: Database, mei: str) -> None:
    assert mei not in stored(db)
    assert mei not in str(db.events())
    assert "argon2" not in str(db.events())


def test_a_role_can_be_changed(db: Database, run: Run, mei: str) -> None:
    assert run("set-role", MEI.upper(), "editor").output == f"{MEI.upper()} is now editor.\n"
    event = db.last()
    assert (event["changed_fields"], event["after"]["role"], event["application"]) == (
        ["role"],
        "editor",
        "auditlog user",
    )


def test_somebody_can_be_disabled(db: Database, run: Run, mei: str) -> None:
    assert run("disable", MEI).output == f"{MEI} is disabled.\n"
    assert db.value("select active from audit.web_users where login = %s", MEI) is False


def test_a_password_can_be_replaced(db: Database, run: Run, mei: str) -> None:
    before = stored(db)
    new = run("reset-password", MEI).output.split()[-1]
    assert new != mei
    assert stored(db) != before
    assert hasher.verify(stored(db), new)


def test_a_password_can_be_typed_and_is_not_shown(db: Database, run: Run, mei: str) -> None:
    typed = "correct horse battery"
    done = run("reset-password", MEI, "--ask-password", input=f"{typed}\n{typed}\n")
    assert done.exit_code == 0
    assert typed not in done.output
    assert hasher.verify(stored(db), typed)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("short", "the password has 5 characters: between 12 and 128 are accepted"),
        ("Password1234", "among the first that are tried"),
        ("mei-example-2026", "little more than your name"),
    ],
)
def test_a_typed_password_that_is_too_weak_is_refused(db: Database, run: Run, mei: str, typed: str, told: str) -> None:
    before = stored(db)
    done = run("reset-password", MEI, "--ask-password", input=f"{typed}\n{typed}\n")
    assert done.exit_code == 1
    assert told in done.stderr.partition("Error: ")[2]
    assert stored(db) == before


@pytest.mark.parametrize("command", [("set-role", "nobody@example.org", "editor"), ("disable", "nobody@example.org")])
def test_somebody_unknown_is_named(run: Run, command: tuple[str, ...]) -> None:
    assert error(run(*command)) == 'there is no user "nobody@example.org"'


def test_a_password_is_not_printed_for_somebody_unknown(run: Run) -> None:
    assert error(run("reset-password", "nobody@example.org")) == 'there is no user "nobody@example.org"'


def test_nobody_is_added_twice_whatever_the_case(db: Database, run: Run, mei: str) -> None:
    assert error(run("add", MEI.upper(), "--name", "Another")) == f'there is a user "{MEI.upper()}" already'
    assert db.value("select count(*) from users") == 1


@pytest.mark.parametrize(
    "command", [("set-role", MEI, "emperor"), ("add", "new@example.org", "--name", "New", "--role", "emperor")]
)
def test_a_role_that_does_not_exist_is_refused_with_those_that_do(run: Run, mei: str, command: tuple[str, ...]) -> None:
    done = run(*command)
    assert done.exit_code == 2
    for role in ("administrator", "auditor", "editor", "member"):
        assert role in done.stderr


@pytest.mark.parametrize(("email", "name"), [("no address", "Mei"), ("x@example.org", "")])
def test_a_person_without_name_or_address_is_refused(run: Run, email: str, name: str) -> None:
    assert "give a name and an e-mail address" in error(run("add", email, "--name", name))


def test_without_the_table_it_says_how_to_get_one(db: Database, run: Run) -> None:
    db.run("drop table users cascade")
    assert "auditlog migrate --reference-tables" in error(run("disable", MEI))
