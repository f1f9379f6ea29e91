"""`auditlog track` and `auditlog untrack`: what they pass on, and what they refuse."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Database
from tests.test_cli import Run, error, invoke
from webapp.as_commands import as_commands


@pytest.fixture
def run(db: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("track", TABLE) on this test's own database."""
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url)
    return invoke


def test_track_passes_on_what_it_is_told(db: Database, run: Run) -> None:
    db.run("create table invoices (id int primary key, number text, iban text, draft text)")
    db.run("insert into invoices values (1, 'R-1', 'DE00', 'x')")
    done = run(
        *("track", "invoices", "--entity", "invoice", "--label", "number"),
        *("--mask", "iban", "--exclude", "draft", "--baseline"),
    )
    assert (done.exit_code, done.output) == (0, "invoices is tracked.\n")
    event = db.last()
    assert (event["action"], event["entity"], event["record_label"]) == ("baseline", "invoice", "R-1")
    assert event["after"] == {"id": 1, "number": "R-1", "iban": {"$masked": True}}
    assert run("untrack", "invoices").output == "invoices is no longer tracked.\n"
    db.run("update invoices set number = 'R-2'")
    assert db.last() == event
    assert run("status").exit_code == 0


REFUSED = [
    (("track", "no_such_table"), 'there is no table "no_such_table": write it with its schema', ""),
    (("track", "No.Such.Table"), ": write it with its schema", ""),
    (("track", "no_such_schema.t"), 'there is no table "no_such_schema.t": write it with its schema', ""),
    (("track", ""), 'there is no table "": write it with its schema', ""),
    (("track", "a.b.c.d"), 'there is no table "a.b.c.d": write it with its schema', ""),
    (("track", "pg_class; drop table contacts"), 'drop table contacts": write it with its schema', ""),
    (("untrack", "no_such_table"), 'there is no table "no_such_table"', ""),
    (("track", "contacts", "--label", "no_such_column"), 'has no column "no_such_column"', "Its columns: id, "),
    (
        ("track", "contacts", "--entity", "Two Words"),
        "is not a plain name",
        "`auditlog track public.contacts --entity",
    ),
    (
        ("track", "contacts", "--mask", "email,phone", "--exclude", "email"),
        "both excluded and masked",
        "Choose one, for example: `auditlog track public.contacts --mask phone`.",
    ),
    (
        ("track", "users", "--exclude", "password_hash"),
        "both excluded and masked",
        "Choose one, for example: `auditlog track public.users --no-mask`.",
    ),
    (("track", "audit.events"), "cannot be tracked", ""),
    (("track", "audit.report"), "cannot be tracked", ""),
    (("untrack", "pg_class"), "is not tracked", "Start capture with: `auditlog track pg_class`."),
]


def test_what_cannot_be_tracked_is_explained_with_a_command_that_can(db: Database, run: Run) -> None:
    before = db.events("true")
    for arguments, words, cure in REFUSED:
        first, *hints = error(run(*arguments)).splitlines()
        assert words in first
        assert all(hint.startswith("  ") for hint in hints)
        assert cure in "\n".join(hints)
    assert db.events("true") == before


def test_two_tables_that_are_one_kind_of_record_are_pointed_out_once(db: Database, run: Run) -> None:
    db.run("create table customers (id int primary key)")
    done = run("track", "customers", "--entity", "contact")
    assert (done.exit_code, done.stdout) == (0, "customers is tracked.\n")
    assert done.stderr.splitlines() == [
        "Warning: audit.track: rows of public.contacts are known as contact, too",
        "  To the report, a row of each with the same key is one record.",
        "  Unless their keys differ, name another kind of record: "
        "`auditlog track public.customers --entity customers`.",
    ]
    assert run("track", "customers", "--entity", "contact").stderr == ""
    assert run("track", "contact_groups", "--entity", "group", "--parent", "group_id").stderr == "", (
        "they belong to one"
    )


def test_advice_of_the_database_becomes_a_command_that_a_shell_understands() -> None:
    for said, command in {
        "Run select audit.track('public.contacts').": "Run `auditlog track public.contacts`.",
        """run audit.track('public."It''s"', entity => 'it') again""": """run `auditlog track 'public."It'"'"'s"' --entity it` again""",
        "select audit.track('a', exclude => '{b,c}', mask => '{}')": "`auditlog track a --exclude b,c --no-mask`",
        "select audit.track('a', baseline => true).": "`auditlog track a --baseline`.",
        "run audit.untrack('a'), then audit.track('b').": "run `auditlog untrack a`, then `auditlog track b`.",
        "Name the columns to hide: mask => …, exclude => …": "Name the columns to hide: --mask …, --exclude …",
        "Say who exports, with audit.set_actor(), or pass by_login => true.": "Say who exports, with audit.set_actor(), or pass by_login => true.",
    }.items():
        assert as_commands(said) == command


def test_only_an_administrator_may_track(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url_of("app"))
    needs = 'the login "app" needs the role audit_admin and the ownership of the table'
    for command in ("track", "untrack"):
        assert re.match(
            rf"permission denied for .*: {needs}; grant it, or name the", error(invoke(command, "contacts"))
        )


@pytest.fixture
def sent(db: Database) -> Callable[[], tuple[Any, ...]]:
    """What audit.track() was last called with; it does nothing else here."""
    db.run("drop function audit.track")
    db.run("create table sent (t text, e text, l text[], x text[], m text[], p text)")
    db.run(
        "create function audit.track(t regclass, e text, l text[], x text[], m text[], p text) "
        "returns void language sql as 'truncate public.sent; insert into public.sent values (t, e, l, x, m, p)'"
    )
    return lambda: db.run("select * from sent")[0][1:]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ((), (None, None, None, None, None)),
        (("--entity", "person"), ("person", None, None, None, None)),
        (("--label", "first_name, last_name"), (None, ["first_name", "last_name"], None, None, None)),
        (("--exclude", "notes", "--baseline"), (None, None, ["notes"], None, None)),
        (("--mask", "email,phone"), (None, None, None, ["email", "phone"], None)),
        (("--parent", "owner_id"), (None, None, None, None, "owner_id")),
        (("--no-label", "--no-exclude", "--no-mask", "--no-parent"), (None, [], [], [], "")),
    ],
)
def test_track_says_nothing_about_what_no_option_names(
    run: Run, sent: Callable[[], tuple[Any, ...]], options: tuple[str, ...], expected: tuple[Any, ...]
) -> None:
    assert run("track", "contacts", *options).output == "contacts is tracked.\n"
    assert sent() == expected


def test_a_mask_stays_until_it_is_taken_back(db: Database, run: Run) -> None:
    def masked() -> Any:
        return db.value("select mask from audit.tracked where table_name = 'contacts'")

    assert run("track", "contacts", "--mask", "phone", "--parent", "owner_id").exit_code == 0
    assert run("track", "contacts", "--label", "email").exit_code == 0
    assert masked() == ["phone"]
    done = run("track", "contacts", "--no-mask", "--no-parent")
    assert done.exit_code == 0, done.output
    assert masked() == []
    assert db.value("select parent from audit.tracked where table_name = 'contacts'") is None


@pytest.mark.parametrize("name", ["label", "exclude", "mask", "parent"])
def test_an_option_and_its_opposite_contradict_each_other(name: str) -> None:
    result = invoke("track", "contacts", f"--{name}", "id", f"--no-{name}", env={"AUDITLOG_DATABASE_URL": ""})
    assert result.exit_code == 2
    assert f"--{name} and --no-{name} contradict each other" in result.stderr
