"""The command line, as a person at a terminal meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner, Result

from tests.conftest import Database
from webapp import migrations
from webapp.accounts import hasher
from webapp.cli import main


def auditlog(url: str | None, *arguments: str, typed: str | None = None) -> Result:
    result = CliRunner(env={"AUDITLOG_DATABASE_URL": url}).invoke(main, arguments, input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def done(url: str | None, *arguments: str, typed: str | None = None) -> str:
    result = auditlog(url, *arguments, typed=typed)
    assert result.exit_code == 0, result.output
    return result.stdout


def failed(url: str | None, *arguments: str, code: int = 1, typed: str | None = None) -> str:
    """What a failure says: on stderr, without a traceback."""
    result = auditlog(url, *arguments, typed=typed)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "Error: " in result.stderr
    return result.stderr


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


# -- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_the_help_of_every_command_says_what_it_does_with_an_example(command: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        text = " ".join(done(None, *command, flag).split())
        assert "Example: " in text
        assert f"auditlog {' '.join(command)}" in text.partition("Example: ")[2]


def test_without_a_command_the_commands_are_listed() -> None:
    text = auditlog(None).output
    for command in commands():
        assert command[0] in text


def test_the_version_is_told() -> None:
    assert "0.1.0" in done(None, "--version")


def test_an_unknown_command_is_a_usage_error() -> None:
    assert "No such command 'destroy'" in failed(None, "destroy", code=2)


# -- the address of the database -----------------------------------------------------------------

NEEDS_DATABASE = [
    ("migrate",),
    ("status",),
    ("track", "public.contacts"),
    ("untrack", "public.contacts"),
    ("user", "disable", "x@example.org"),
    ("serve",),
]


@pytest.mark.parametrize("command", NEEDS_DATABASE, ids=" ".join)
def test_a_missing_database_url_is_named_with_an_example(command: tuple[str, ...]) -> None:
    said = failed(None, *command)
    assert "AUDITLOG_" in said
    if command != ("serve",):
        assert "AUDITLOG_DATABASE_URL is not set" in said
        assert "postgresql://user@host/database" in said


@pytest.mark.parametrize("command", NEEDS_DATABASE[:-1], ids=" ".join)
def test_a_database_that_does_not_answer_is_said_so_on_one_line(command: tuple[str, ...]) -> None:
    said = failed("postgresql://127.0.0.1:1/none", *command)
    assert said.startswith("Error: the database does not answer: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", NEEDS_DATABASE[:-1], ids=" ".join)
def test_a_database_url_that_is_no_url_is_a_plain_error(command: tuple[str, ...]) -> None:
    assert failed("not a url", *command).count("\n") == 1


def test_an_unknown_database_is_named(db: Database) -> None:
    assert "no_such_database" in failed(db.url.replace("dbname=", "dbname=no_such_database_"), "status")


# -- migrate and status --------------------------------------------------------------------------


def test_migrate_says_how_many_files_it_applied_and_the_second_time_that_nothing_is_to_do(blank: str) -> None:
    files = len(migrations.migrations() + migrations.functions())
    assert done(blank, "migrate") == f"{files} files applied.\n"
    assert done(blank, "migrate") == "The database is up to date.\n"
    reference = len(migrations.reference_tables())
    assert done(blank, "migrate", "--reference-tables") == f"{reference} files applied.\n"
    assert done(blank, "migrate", "--reference-tables") == "The database is up to date.\n"


def test_status_of_a_database_that_was_never_migrated_says_to_migrate(blank: str) -> None:
    assert "run `auditlog migrate`" in failed(blank, "status")


def test_status_of_a_database_without_tracked_tables_says_how_to_start(blank: str) -> None:
    done(blank, "migrate")
    assert "auditlog track" in done(blank, "status")
    assert json.loads(done(blank, "status", "--json")) == {"whole": True, "tables": []}


def test_status_lists_every_tracked_table_as_recorded(db: Database) -> None:
    text = done(db.url, "status")
    assert "public.contacts" in text
    assert text.count("recorded") == 5


def test_status_as_json_is_for_programs(db: Database) -> None:
    db.run("insert into contacts (first_name) values ('Ada')")
    answer = json.loads(done(db.url, "status", "--json"))
    assert answer["whole"] is True
    contacts = next(table for table in answer["tables"] if table["table_name"] == "public.contacts")
    assert contacts["entity"] == "contact"
    assert contacts["problem"] is None
    assert contacts["last_event"]


def test_status_exits_with_1_when_a_trigger_is_disabled(db: Database) -> None:
    db.run("alter table contacts disable trigger audit_capture")
    text = auditlog(db.url, "status")
    assert text.exit_code == 1
    assert "switched off" in " ".join(text.stdout.split())
    as_json = auditlog(db.url, "status", "--json")
    assert as_json.exit_code == 1
    answer = json.loads(as_json.stdout)
    assert answer["whole"] is False
    assert [t["table_name"] for t in answer["tables"] if t["problem"]] == ["public.contacts"]


# -- track and untrack ---------------------------------------------------------------------------


def test_a_table_is_tracked_as_the_options_say_and_untracked_again(db: Database) -> None:
    db.run("create table invoices (id int primary key, number text, total int, secret text, junk text)")
    db.run("insert into invoices values (1, 'A-1', 10, 's', 'j')")
    how = ["--entity", "invoice", "--label", "number, total", "--mask", "secret", "--exclude", "junk", "--baseline"]
    assert done(db.url, "track", "public.invoices", *how) == "public.invoices is tracked.\n"
    event = db.last()
    assert (event["action"], event["entity"], event["record_label"]) == ("baseline", "invoice", "A-1 10")
    assert event["after"] == {"id": 1, "number": "A-1", "total": 10, "secret": {"$masked": True}}

    assert done(db.url, "untrack", "public.invoices") == "public.invoices is no longer tracked.\n"
    assert "public.invoices" not in done(db.url, "status")
    assert db.last()["entity"] == "invoice"


def test_a_table_that_is_not_there_is_a_plain_error(db: Database) -> None:
    assert failed(db.url, "track", "public.nothing") == 'Error: relation "public.nothing" does not exist\n'


def test_what_sql_refuses_is_shown_with_its_detail_and_hint_on_lines_of_their_own(db: Database) -> None:
    said = failed(db.url, "track", "public.contacts", "--label", "nickname")
    first, detail, hint = said.splitlines()
    assert first == 'Error: audit.track: contacts has no column "nickname"'
    assert detail.startswith("  Its columns: id, first_name")
    assert hint == "  Spell column names as they are stored, without quotes."


def test_untracking_what_is_not_tracked_says_what_is(db: Database) -> None:
    db.run("create table loose (id int primary key)")
    first, detail, hint = failed(db.url, "untrack", "public.loose").splitlines()
    assert first == "Error: loose is not tracked"
    assert "public.contacts" in detail
    assert "audit.track('loose')" in hint


def test_tracking_in_a_database_that_was_never_migrated_is_a_plain_error(blank: str) -> None:
    assert 'schema "audit" does not exist' in failed(blank, "track", "pg_class")


# -- user ----------------------------------------------------------------------------------------

MEI = "mei@example.org"


def add_mei(db: Database, *options: str, typed: str | None = None) -> str:
    return done(db.url, "user", "add", MEI, "--name", "Mei Tanaka", *options, typed=typed)


def test_a_person_is_added_with_a_generated_password_that_works(db: Database) -> None:
    said = add_mei(db, "--role", "auditor")
    assert said.startswith(f"{MEI} was added as auditor. Password: ")
    password = said.split()[-1]
    (row,) = db.run("select name, email, role, active, password_hash from users")
    assert row[:4] == ("Mei Tanaka", MEI, "auditor", True)
    assert hasher.verify(row[4], password)


def test_a_person_is_a_member_unless_said_otherwise(db: Database) -> None:
    add_mei(db)
    assert db.value("select role from users") == "member"


def test_a_typed_password_is_taken_and_not_printed(db: Database) -> None:
    said = add_mei(db, "--ask-password", typed="long enough words\nlong enough words\n")
    assert "long enough words" not in said
    assert hasher.verify(db.value("select password_hash from users"), "long enough words")


def test_a_typed_password_that_is_too_short_is_refused_with_the_limits(db: Database) -> None:
    said = failed(db.url, "user", "add", MEI, "--name", "Mei", "--ask-password", typed="short\nshort\n")
    assert "the password has 5 characters" in said
    assert db.value("select count(*) from users") == 0


def test_a_person_cannot_be_added_twice_whatever_the_case(db: Database) -> None:
    add_mei(db)
    for email in (MEI, MEI.upper()):
        said = failed(db.url, "user", "add", email, "--name", "Another")
        assert said == f'Error: there is a user "{email}" already\n'


@pytest.mark.parametrize(("email", "name"), [("no-address", "Mei"), (MEI, "")])
def test_a_person_without_a_name_or_an_address_is_refused(db: Database, email: str, name: str) -> None:
    assert "give a name and an e-mail address" in failed(db.url, "user", "add", email, "--name", name)


def test_a_role_that_does_not_exist_is_a_usage_error_that_lists_the_roles(db: Database) -> None:
    add_mei(db)
    for arguments in (["add", "x@example.org", "--name", "X", "--role", "king"], ["set-role", MEI, "king"]):
        said = failed(db.url, "user", *arguments, code=2)
        assert "'administrator', 'auditor', 'editor', 'member'" in said
    assert db.run("select email, role from users") == [(MEI, "member")]


def test_the_role_changes_and_the_log_says_from_what_to_what(db: Database) -> None:
    add_mei(db)
    assert done(db.url, "user", "set-role", MEI.upper(), "editor") == f"{MEI.upper()} is now editor.\n"
    event = db.last()
    assert (event["before"]["role"], event["after"]["role"]) == ("member", "editor")
    assert event["application"] == "auditlog user"


def test_a_disabled_person_is_inactive_but_still_there(db: Database) -> None:
    add_mei(db)
    assert done(db.url, "user", "disable", MEI) == f"{MEI} is disabled.\n"
    assert db.run("select email, active from users") == [(MEI, False)]


def test_a_new_password_replaces_the_old_one_and_neither_is_in_the_log(db: Database) -> None:
    old = add_mei(db).split()[-1]
    new = done(db.url, "user", "reset-password", MEI).split()[-1]
    assert old != new
    kept = db.value("select password_hash from users")
    assert hasher.verify(kept, new)
    event = db.last()
    assert event["changed_fields"] == ["password_hash"]
    assert not {old, new, kept} & set(str(event).split("'"))


@pytest.mark.parametrize(
    "arguments",
    [("set-role", "no@example.org", "editor"), ("disable", "no@example.org"), ("reset-password", "no@example.org")],
    ids=" ".join,
)
def test_an_unknown_person_is_named(db: Database, arguments: tuple[str, ...]) -> None:
    add_mei(db)
    assert failed(db.url, "user", *arguments) == 'Error: there is no user "no@example.org"\n'
    assert db.run("select role, active from users") == [("member", True)]


def test_without_the_reference_tables_the_answer_says_how_to_get_them(blank: str) -> None:
    done(blank, "migrate")
    said = failed(blank, "user", "add", MEI, "--name", "Mei")
    assert "run `auditlog migrate --reference-tables`" in said
