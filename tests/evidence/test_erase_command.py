"""auditlog erase, as two administrators use it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from tests.conftest import Database
from webapp.cli import main


def run(db: Database, login: str, *arguments: str) -> Result:
    env = {"AUDITLOG_DATABASE_URL": db.url_of(login)}
    return CliRunner(env=env).invoke(main, ["erase", *arguments])


def test_one_administrator_asks_and_another_approves(db: Database) -> None:
    db.run("insert into contacts (id, first_name) values (42, 'Wilhelmina')")
    assert run(db, "admin", "--list").output == "Nobody has asked to erase anything yet.\n"
    asked = run(db, "admin", "--entity", "contact", "--record", "42", "--reason", "letter 17")
    assert asked.output.startswith("Request 1 would erase: 1 event about the record.\nNot within reach:\n  Files that")
    assert "auditlog erase --approve 1" in asked.output
    refused = run(db, "admin", "--approve", "1")
    assert refused.exit_code == 1
    assert "somebody else must approve it" in refused.output
    assert run(db, "admin", "--preview", "1").output == asked.output
    assert "waits since" in run(db, "admin", "--list").output
    done = run(db, "postgres", "--approve", "1")
    assert done.output.startswith("Erased from the log: 1 event about the record.\nNot within reach:")
    assert db.value("select count(*) from audit.log l where l::text like '%%Wilhelmina%%'") == 0
    (listed,) = json.loads(run(db, "admin", "--list", "--json").output)
    assert (listed["requested_by"], listed["approved_by"]) == ("login admin", "login postgres")
    again = run(db, "postgres", "--approve", "1")
    assert (again.exit_code, "was approved by login postgres already" in again.output) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say one thing: --entity with --record"),
        (["--entity", "contact"], "--entity and --record go together"),
        (["--entity", "contact", "--record", "42"], "say why, with --reason"),
        (["--list", "--approve", "1"], "say one thing"),
    ],
)
def test_arguments_that_do_not_go_together_are_named(db: Database, arguments: list[str], said: str) -> None:
    told = run(db, "admin", *arguments)
    assert (told.exit_code, said in told.output) == (2, True), told.output


def test_archives_that_hold_nothing_more_are_told_of(db: Database) -> None:
    told = run(db, "admin", "--archives")
    assert (told.exit_code, told.output) == (0, "No archive holds anything that was approved to go.\n")


def test_who_may_not_erase_is_told_what_it_takes(db: Database) -> None:
    told = run(db, "stranger", "--list")
    assert told.exit_code == 1
    assert "needs the role audit_admin" in told.output
