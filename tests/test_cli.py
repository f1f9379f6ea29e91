"""The command line: what it prints, how it ends, and one line with the cure when something is wrong."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import click
import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import make_conninfo
from rich.console import Console

from tests.clients.places import AUDITLOG, auditlog
from tests.conftest import Database
from webapp import cli, migrations, status_command

Run = Callable[..., Result]


@pytest.fixture
def run(db: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("status", "--json") on this test's own database."""
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url)
    return invoke


def invoke(*arguments: str, **options: Any) -> Result:
    result = CliRunner().invoke(cli.main, arguments, **options)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def error(result: Result) -> str:
    """The message of a command that failed as it should."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr
    return result.stderr.removeprefix("Error: ").strip()


# -- help ----------------------------------------------------------------------------------------


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield *path, name


COMMANDS = list(commands(cli.main))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_of_itself(command: tuple[str, ...]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    examples = result.output.partition("  Example:\n")[2].partition("\n\n")[0]
    assert re.search(rf"auditlog {' '.join(command)}\b", examples)
    assert len(examples.splitlines()) == 1, "it can be copied"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_option_is_explained(command: tuple[str, ...]) -> None:
    found: click.Command = cli.main
    for name in command:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    assert [option.name for option in found.params if isinstance(option, click.Option) and not option.help] == []


@pytest.mark.parametrize("group", sorted({path[:-1] for path in COMMANDS}), ids=" ".join)
def test_a_list_of_commands_says_what_each_does_and_cuts_nothing_off(group: tuple[str, ...]) -> None:
    listed = invoke(*group, "--help").output.partition("\nCommands:\n")[2]
    names = {path[len(group)] for path in COMMANDS if path[: len(group)] == group}
    assert {line.split()[0] for line in listed.splitlines()} == names
    assert all(line.endswith(".") and not line.endswith("...") for line in listed.splitlines()), listed


# -- which database ------------------------------------------------------------------------------

NEEDS_DATABASE = [
    ("migrate",),
    ("status",),
    ("track", "contacts"),
    ("untrack", "contacts"),
    ("user", "disable", "mei@example.org"),
]


@pytest.mark.parametrize("command", NEEDS_DATABASE, ids=" ".join)
def test_without_a_database_it_says_how_to_name_one(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITLOG_DATABASE_URL", raising=False)
    message = error(invoke(*command))
    assert message.startswith("AUDITLOG_DATABASE_URL is not set: name your database, for example ")
    assert "auditlog demo" in message


@pytest.mark.parametrize("command", NEEDS_DATABASE, ids=" ".join)
def test_a_database_that_does_not_answer_is_one_line(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", f"postgresql://x@/nowhere?host={tmp_path}")
    message = error(invoke(*command))
    assert message.startswith("the database does not answer: ")
    assert "\n" not in message


@pytest.mark.parametrize("url", ["not a url", "postgresql://x@host:port/db", "mysql://x@host/db", "host=a nonsense=b"])
def test_an_address_that_is_none_is_named_without_a_traceback(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", url)
    error(invoke("status"))


@pytest.mark.parametrize("command", ["status", "demo"])
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://x:hunter2@127.0.0.1:1/db",
        "postgres//x:hunter2@host/db",
        "postgresql://x:hunter2%zz@host/db",
        "postgresql://x:@hunter2@host/db",
        "postgresql://x:@a:hunter2@host/db",
    ],
)
def test_a_password_in_the_address_is_not_repeated_in_a_message(
    command: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", url)
    arguments = {"status": ("status",), "demo": ("demo", "--no-serve")}[command]
    assert "hunter2" not in error(invoke(*arguments))


# -- migrate -------------------------------------------------------------------------------------


def test_migrating_twice_changes_nothing_the_second_time(blank: str) -> None:
    first = auditlog("migrate", "--reference-tables", AUDITLOG_DATABASE_URL=blank)
    assert re.fullmatch(r"\d+ files applied\.\n", first.stdout)
    with psycopg.connect(blank) as connection:
        before = connection.execute("select name, checksum, applied_at from audit.migrations order by 1").fetchall()
    second = auditlog("migrate", AUDITLOG_DATABASE_URL=blank)
    assert second.stdout == "The database is up to date.\n"
    assert (first.returncode, second.returncode) == (0, 0)
    with psycopg.connect(blank) as connection:
        after = connection.execute("select name, checksum, applied_at from audit.migrations order by 1").fetchall()
    assert before == after
    assert len(before) == int(first.stdout.split()[0])
    assert first.stderr == second.stderr == "", "progress is for terminals"


def test_migrating_without_reference_tables_creates_none(blank: str) -> None:
    assert auditlog("migrate", AUDITLOG_DATABASE_URL=blank).returncode == 0
    with psycopg.connect(blank) as connection:
        assert connection.execute("select to_regclass('public.contacts'), to_regclass('audit.events')::text").fetchone()
        assert connection.execute("select count(*) from audit.tracked").fetchone() == (0,)
    done = auditlog("status", AUDITLOG_DATABASE_URL=blank)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "No table is tracked yet. Start with: auditlog track public.contacts\n"


def test_a_database_that_was_never_migrated_says_what_to_run(blank: str) -> None:
    done = auditlog("status", AUDITLOG_DATABASE_URL=blank)
    assert done.returncode == 1
    assert "run `auditlog migrate` as the database's owner" in done.stderr
    done = auditlog("track", "pg_class", AUDITLOG_DATABASE_URL=blank)
    assert done.returncode == 1
    assert "auditlog migrate" in done.stderr


def test_a_login_without_rights_is_told_who_may_migrate(db: Database, blank: str) -> None:
    done = auditlog("migrate", AUDITLOG_DATABASE_URL=make_conninfo(blank, user="stranger"))
    assert done.returncode == 1
    # Roles belong to the whole server, and the server of these tests has them already.
    assert "Let a superuser run: grant audit_owner to stranger" in done.stderr
    assert migrations.migrations()[0].name in done.stderr


# -- where it runs -------------------------------------------------------------------------------


def test_it_works_where_the_locale_has_no_letters_beyond_ascii(db: Database) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = auditlog("status", AUDITLOG_DATABASE_URL=db.url, **plain)
    assert (done.returncode, done.stderr) == (0, "")
    assert "public.contacts" in done.stdout


def test_output_that_cannot_be_written_is_said_without_a_traceback() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([AUDITLOG, "--help"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "Error: standard output cannot be written (No space left on device)\n"


# -- status --------------------------------------------------------------------------------------


def test_status_is_zero_when_capture_is_whole(run: Run) -> None:
    result = run("status")
    assert result.exit_code == 0, result.output
    assert "public.contacts" in result.output
    told = json.loads(run("status", "--json").output)
    assert told["whole"] is True
    assert "public.contacts" in [table["table_name"] for table in told["tables"]]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        ('alter table contacts disable trigger "!audit_capture"', "switched off"),
        ('alter table contacts enable replica trigger "~audit_capture_truncate"', "switched off"),
        ('drop trigger "!audit_capture" on contacts', "missing"),
        (
            "alter event trigger audit_follow_ddl disable; alter table contacts add column surprise text",
            "Columns have changed",
        ),
        (
            "alter event trigger audit_follow_ddl disable; alter table contacts rename to people",
            "name or key has changed",
        ),
        ("alter table audit.log disable trigger refuse_mutation", "append-only"),
    ],
)
def test_status_is_one_when_capture_is_not_whole(db: Database, run: Run, damage: str, problem: str) -> None:
    db.run(damage)
    result = run("status", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["whole"] is False
    assert [table for table in told["tables"] if problem in (table["problem"] or "")]
    text = run("status")
    assert text.exit_code == 1
    assert [line for line in text.output.splitlines() if problem in line], "one line a table, whatever its length"


def test_status_is_one_when_people_cannot_sign_in_and_says_what_to_do(db: Database, run: Run) -> None:
    db.run("insert into users (name, email, role, password_hash) values ('M', 'm@example.org', 'auditor', 'plain')")
    told = json.loads(run("status", "--json").stdout)
    assert told["whole"] is True, "capture is"
    assert [wrong["problem"] for wrong in told["people"]] == [
        "people in audit.web_users have a password hash of no known kind, and cannot sign in with it: user_id 1"
    ]
    text = run("status")
    assert text.exit_code == 1
    assert "People in audit.web_users have a password hash of no known kind" in text.output
    assert "let them set a new password." in text.output


def test_a_narrow_terminal_shows_every_table_and_the_whole_problem() -> None:
    name = "public.a_table_with_quite_a_long_name"
    problem = "The trigger [!audit_capture] was switched off: run auditlog migrate again as the owner of the table"
    table = {"table_name": name, "entity": "contact", "tracked_since": None, "last_event": None, "problem": problem}
    console = Console(width=80, file=StringIO())
    console.print(status_command.status_table([table]))
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    heading = next(line for line in lines if "Entity" in line)
    rows = lines[lines.index(heading) + 2 :]
    assert "".join(line[: heading.index("Entity")].strip() for line in rows) == name
    assert " ".join(line[heading.index("State") :].strip() for line in rows).strip() == problem
