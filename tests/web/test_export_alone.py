"""One export a person, no more rows than allowed, and none that ends without a word."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from flask import Flask

from tests.clients.places import environment
from tests.conftest import Browser, Database
from tests.web.reading import REPORT, address, download, flood, many, newest, rows_of, text_of
from tests.web.test_export import LIMIT, exports, notes
from webapp import create_app
from webapp.config import Settings
from webapp.exports import Export
from webapp.filters import Filters
from webapp.scopes import EVERYTHING
from webapp.web.recording import Visitor as Recorder

Visitor = Callable[..., Browser]
MEI = Recorder("2", "Mei Tanaka", {"ip": "203.0.113.7"})


# -- one at a time ---------------------------------------------------------------------------------


def test_a_second_export_of_one_person_is_refused_until_the_first_has_ended(
    db: Database, app: Flask, visitor: Visitor
) -> None:
    flood(db, 3_000)
    contacts, mei = address(category="contacts"), visitor("auditor")
    with closing(Export(app.extensions["pool"], Filters(), EVERYTHING, MEI, limit=LIMIT)) as first:
        next(first)
        page = text_of(mei.post(f"{REPORT}/export", page="/reports/", status=409).text)
        assert "One export at a time" in page
        assert "has been running since" in page
        assert "cancel that download" in page
        assert len(exports(db)) == 1, "what is refused does not leave, so it is no export"
        assert len(rows_of(download(visitor("admin"), contacts))) == 3_000
    assert len(rows_of(download(mei, contacts))) == 3_000


# -- not too much ------------------------------------------------------------------------------------


def test_more_rows_than_allowed_are_refused_before_the_first(db: Database, settings: Settings, people: object) -> None:
    many(db, 12)
    strict = create_app(replace(settings, export_limit=10))
    try:
        browser = Browser(strict.test_client()).sign_in("mei@example.org")
        page = text_of(browser.get(address(category="contacts")))
        assert "These filters show more than 10 events, and an export holds no more than that" in page
        assert "Download CSV" not in page
        refusal = browser.post(f"{REPORT}/export?category=contacts", page="/reports/", status=413)
        assert "more than 10 events" in text_of(refusal.text)
        assert "export it in parts" in text_of(refusal.text)
        assert exports(db) == []
        fewer = address(category="contacts", actor="p3")
        assert "Download CSV" in browser.get(fewer)
        assert len(rows_of(download(browser, fewer))) == 2
    finally:
        strict.extensions["pool"].close()


def test_a_page_that_does_not_count_so_far_names_the_limit(db: Database, visitor: Visitor) -> None:
    flood(db, 10_001)
    page = text_of(visitor("auditor").get(address(login="app")))
    assert "More than 10,000 events, exactly those that the filters show" in page
    assert "Up to 1,000,000 events leave at once" in page


# -- an end for each ---------------------------------------------------------------------------------


KILLED = """
import hashlib, os, signal, sys
from webapp import create_app
from webapp.config import Settings
from webapp.exports import Export
from webapp.filters import Filters
from webapp.scopes import EVERYTHING
from webapp.web.recording import Visitor

app = create_app(Settings(database_url=sys.argv[1], secret_key=sys.argv[2]))
export = Export(app.extensions["pool"], Filters(), EVERYTHING, Visitor("2", "Mei Tanaka", {}), limit=1_000_000)
left = hashlib.sha256(next(export)).hexdigest()
next(export)  # what was before it has left, and is noted
print(export.event_id, left, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def lose(settings: Settings) -> tuple[int, str]:
    """An export in a process that is killed in the middle of it, and the SHA-256 of what has left for certain."""
    command = [sys.executable, "-c", KILLED, settings.database_url, settings.secret_key]
    process = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert process.returncode == -signal.SIGKILL, process.stderr
    number, left = process.stdout.split()
    return int(number), left


def test_an_export_whose_process_was_killed_is_recorded_by_the_next_start_export_or_view(
    db: Database, settings: Settings, visitor: Visitor
) -> None:
    flood(db, 3_000)
    administrator = visitor("admin")
    finders: dict[str, Callable[[], object]] = {
        "start": lambda: create_app(settings).extensions["pool"].close(),
        "export": lambda: download(administrator, address(category="groups")),
        "view": lambda: administrator.get(REPORT),
    }
    for finder, finds in finders.items():
        lost, left = lose(settings)
        assert notes(db)[-1].get("outcome") is None
        for _ in range(2):
            finds()
        (ended,) = [e for e in exports(db) if e["context"]["export"].get("completes") == lost]
        told = ended["context"]["export"]
        assert (told["completes"], told["outcome"], told["sha256"]) == (lost, "the server stopped", left), finder
        assert told["at_least"] is True
        assert 0 < told["row_count"] < told["bytes"]
        assert (ended["actor_id"], ended["actor_name"]) == ("2", "Mei Tanaka")
        assert db.run("select * from audit.exports where ended_event is null") == []
    line = newest(administrator, address(category="exports", actor="2"))
    assert "Mei Tanaka login web broke off exporting the audit log the server stopped, after at least" in line


def test_a_start_leaves_exports_alone_that_are_still_running(db: Database, app: Flask, settings: Settings) -> None:
    flood(db, 3_000)
    with closing(Export(app.extensions["pool"], Filters(), EVERYTHING, MEI, limit=LIMIT)) as export:
        next(export)
        create_app(settings).extensions["pool"].close()
        assert len(exports(db)) == 1
        for _ in export:
            pass
    assert [note.get("outcome") for note in notes(db)] == [None, "complete"]


def test_an_end_that_cannot_be_recorded_at_once_is_recorded_later(db: Database, app: Flask, settings: Settings) -> None:
    flood(db, 3_000)
    with closing(Export(app.extensions["pool"], Filters(), EVERYTHING, MEI, limit=LIMIT)) as export:
        next(export)
        app.extensions["pool"].close()  # as if the database were out of reach
    assert len(exports(db)) == 1
    create_app(settings).extensions["pool"].close()
    assert notes(db)[-1]["outcome"] == "the server stopped"
