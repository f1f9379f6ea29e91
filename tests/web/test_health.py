"""The health page, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.conftest import Browser, Database
from tests.sql.support import UNFOLLOWED
from tests.test_cli import invoke
from tests.web.reading import REPORT, address, imported, text_of
from webapp import searching

Visitor = Callable[..., Browser]
UNRECORDED = "Changes to contact records are not all recorded at the moment."


def test_health_is_said_in_words(db: Database, visitor: Visitor) -> None:
    words = text_of(visitor("auditor").get(f"{REPORT}/health"))
    assert "All is well. Every change to 5 tables is recorded." in words
    assert "public.contacts contact" in words
    assert "none yet" in words
    assert "Problem" not in words
    assert re.search(
        r"What is recorded ?Every contact, group and user that is created, .+ Since \d+ \w+ \d{4}, [\d:]+ UTC\.", words
    )
    assert re.search(r"Last change ?(a moment|\d+ minutes?) ago, \d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC", words)
    assert "Proof against editing" in words


@pytest.mark.parametrize(
    ("breaking", "means", "says"),
    [
        ('alter table contacts disable trigger "!audit_capture"', UNRECORDED, "A capture trigger is switched off"),
        ("alter table contacts disable trigger all", UNRECORDED, "A capture trigger is switched off"),
        ('drop trigger "!audit_capture" on contacts', UNRECORDED, "A capture trigger is missing"),
        (
            f"{UNFOLLOWED}; alter table contacts add column shoe_size int",
            "What is recorded of contact records has to be adapted to a change of the table.",
            "Columns have changed since capture was set up",
        ),
        (
            "alter event trigger audit_follow_ddl disable",
            "The log itself needs attention.",
            "The event trigger that follows changes of tables is gone or switched off",
        ),
        (
            "alter table audit.log disable trigger refuse_mutation",
            "The log itself needs attention.",
            "The guard that keeps the log append-only",
        ),
    ],
)
def test_a_capture_that_is_not_whole_is_said_in_words(
    db: Database, app: Flask, visitor: Visitor, breaking: str, means: str, says: str
) -> None:
    db.run(breaking)
    words = text_of(visitor("auditor").get(f"{REPORT}/health"))
    assert "Capture is not whole. 1 thing needs a database administrator." in words
    assert f"{means} For the administrator: " in words
    assert f"Problem {says}" in words
    assert "All is well" not in words


def test_one_table_is_one_table(db: Database, visitor: Visitor) -> None:
    for table in ("contact_groups", "groups", "user_permissions", "users"):
        db.run(f"select audit.untrack('{table}')")
    assert "Every change to 1 table is recorded." in text_of(visitor("auditor").get(f"{REPORT}/health"))


def test_a_table_has_the_name_that_the_list_gives_it(db: Database, visitor: Visitor) -> None:
    name = '"Odd Table ""x"""'
    db.run(f"create table {name} (id int primary key)")
    db.run(f"select audit.track('{name}', entity => 'oddity')")
    browser = visitor("auditor")
    for page in (browser.get(f"{REPORT}/health"), browser.get(address(entity="oddity"))):
        assert 'public.Odd Table "x"' in text_of(page)


def test_every_value_has_its_label_on_a_narrow_screen(visitor: Visitor) -> None:
    page = visitor("auditor").get(f"{REPORT}/health")
    for label in ("Reported as", "Recorded since", "Last event", "State"):
        assert page.count(f'data-label="{label}"') == 5


def test_administrators_alone_learn_what_keeps_people_from_signing_in(db: Database, visitor: Visitor) -> None:
    db.run("update users set password_hash = 'plain', categories = '{contact}' where id = 3")
    words = text_of(visitor("admin").get(f"{REPORT}/health"))
    assert "Who may sign in: people in audit.web_users have a password hash of no known kind" in words
    assert 'are limited to "contact", which is no category: user_id 3. There are contacts, groups' in words
    assert "audit.web_users" not in visitor("auditor").get(f"{REPORT}/health")


def test_how_far_words_and_charts_are_behind_is_said_here_and_by_status(
    db: Database, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url_of("reader"))
    current = "Words and charts are up to date."
    assert current in text_of(visitor("auditor").get(f"{REPORT}/health"))
    assert current in invoke("status").output
    imported(db, {})
    db.run("alter table audit.log disable trigger refuse_mutation")
    db.run("update audit.log set imported_at = now() - interval '3 hours 2 minutes' where imported_at is not null")
    db.run("alter table audit.log enable always trigger refuse_mutation")
    searching.extend(db.superuser)
    db.run("update audit.searching set low_event_id = 0")
    assert current in invoke("status").output, "what is held is not missing, wherever the search goes on"
    db.run("delete from audit.search where imported_at is not null")
    behind = "Words and charts are 3 hours behind: what is newer is read from the log itself"
    assert behind in text_of(visitor("auditor").get(f"{REPORT}/health"))
    assert behind in invoke("status").output
    assert 10_900 < json.loads(invoke("status", "--json").output)["search"]["lag"] < 12_000
    assert re.search(r"^auditlog_search_lag_seconds 109\d\d(\.\d+)?$", invoke("status", "--metrics").output, re.M)
