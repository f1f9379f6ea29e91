"""Columns of a file, parts of it, and what is to be known about it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.conftest import Browser, Database, csrf_token
from tests.web.reading import REPORT, address, download, flood, many, rows_of, text_of
from tests.web.test_export import exports, notes, opened
from webapp.exports import Export, File, files, workbook
from webapp.exports import export as export_of_events
from webapp.exports.columns import NAMES, chosen
from webapp.filters import Filters
from webapp.scopes import EVERYTHING
from webapp.web.recording import Visitor as Recorder

Visitor = Callable[..., Browser]
EXPORTS = f"{REPORT}/exports"


def take(browser: Browser, *columns: str, kind: str = "csv", path: str = f"{REPORT}/export", **fields: str) -> bytes:
    data: dict[str, Any] = {
        "csrf_token": csrf_token(browser.get(REPORT)),
        "format": kind,
        "columns": [*columns],
        **fields,
    }
    response = browser.client.post(path, data=data)
    assert response.status_code == 200, response.text[:500]
    return response.data


def manifest_of(browser: Browser, event_id: int) -> dict[str, Any]:
    return json.loads(browser.client.get(f"{EXPORTS}/{event_id}/manifest").data)


def test_chosen_columns_come_in_the_one_order_and_the_same_in_every_format(db: Database, visitor: Visitor) -> None:
    many(db, 3)
    browser = visitor("auditor")
    wanted = ["event_id", "occurred_at", "action", "before", "after"]
    rows = rows_of(take(browser, "after", "action", "before"))
    assert list(rows[0]) == wanted
    first = json.loads(take(browser, "action", "after", "before", kind="ndjson").splitlines()[-1])
    assert list(first) == wanted
    assert first["after"] == json.loads(rows[-1]["after"])
    assert notes(db)[0]["columns"] == wanted
    assert list(rows_of(take(browser))[0]) == list(NAMES), "without a choice, all"
    assert [note["columns"] for note in notes(db)[4:] if "columns" in note] == []


def test_the_form_offers_every_column(visitor: Visitor) -> None:
    page = visitor("auditor").get(REPORT)
    assert re.findall(r'name="columns" value="(\w+)"', page) == list(NAMES)


def test_a_column_that_there_is_not_exports_nothing(db: Database, visitor: Visitor) -> None:
    page = visitor("auditor").post(f"{REPORT}/export", page=REPORT, status=400, columns="password").text
    assert "no column “password”: there are event_id, " in page
    assert exports(db) == []


def test_a_file_that_broke_off_goes_on_after_its_last_whole_line(db: Database, visitor: Visitor) -> None:
    flood(db, 3_000)
    browser = visitor("auditor")
    page = address(category="contacts")
    whole = rows_of(download(browser, page))
    with opened(browser, page) as chunks:
        part = next(chunks)
    begun, ended = exports(db)[-2:]
    handed = part.count(b"\r\n") - 1
    assert ended["context"]["export"]["last_event"] == int(whole[handed - 1]["event_id"])
    # The reader has less than what was handed over.
    had = rows_of(part)[: handed - 7]
    shown = text_of(browser.get(EXPORTS))
    assert "broke off" in shown
    assert "client went away" in shown
    assert f"The last event that was handed over is {whole[handed - 1]['event_id']}; your file may end" in shown
    path = f"{EXPORTS}/{begun['event_id']}/continue"
    rest = rows_of(take(browser, path=path, after=had[-1]["event_id"]))
    assert had + rest == whole
    note = notes(db)[-2]
    assert (note["continues"], note["after"]) == (begun["event_id"], int(had[-1]["event_id"]))
    assert note["row_count"] == len(rest)
    assert note["filter"] == {"category": "contacts", "tz": "UTC"}

    other = "select min(event_id) from audit.events where category = 'users'"
    refusal = browser.client.post(path, data={"csrf_token": csrf_token(browser.get(REPORT)), "after": str(db.value(other))})  # fmt: skip
    assert refusal.status_code == 400
    assert "is not among what the filters show" in refusal.text
    browser.post(path, page=REPORT, status=400, after="9" * 30)
    visitor("admin").post(path, page=REPORT, status=404, after="1")


def test_the_manifest_says_all_that_is_to_be_known_about_a_file(db: Database, visitor: Visitor) -> None:
    many(db, 3)
    db.run("insert into audit.checkpoints (number, size, horizon, note) values (0, 0, '1', E'a signed note\n')")
    db.run("insert into audit.anchors (target, delivered) values ('file:/mnt/anchor', 0)")
    browser = visitor("auditor")
    file = download(browser, address(category="contacts", actor="p1", tz="Europe/Berlin"))
    begun, ended = exports(db)
    found = manifest_of(browser, begun["event_id"])
    assert found == {
        "file": f"audit-log-{begun['event_id']}.csv",
        "format": "csv",
        "export": begun["event_id"],
        "product": f"audit-log-report {begun['context']['export']['version']}",
        "by": {"actor": "Mei Tanaka", "actor_id": "2", "login": "web", "address": "127.0.0.1"},
        "began": begun["occurred_at"].isoformat().replace("+00:00", "Z"),
        "ended": ended["occurred_at"].isoformat().replace("+00:00", "Z"),
        "outcome": "complete",
        "filters": "category:contacts actor:p1",
        "address": "/reports/audit-log?category=contacts&actor=p1&tz=Europe%2FBerlin",
        "zone_of_days": "Europe/Berlin",
        "times": "UTC, ISO 8601",
        "limited_to": None,
        "columns": list(NAMES),
        "order": "newest first, by occurred_at and event_id",
        "continues": None,
        "after": None,
        "rows": 1,
        "bytes": len(file),
        "sha256": hashlib.sha256(file).hexdigest(),
        "cut_cells": 0,
        "checkpoint": "a signed note\n",
        "anchors": [{"target": "file:/mnt/anchor", "delivered": 0}],
    }


def test_people_see_their_own_exports_and_administrators_those_of_everybody(db: Database, visitor: Visitor) -> None:
    auditor, administrator = visitor("auditor"), visitor("admin")
    assert "Nothing was exported yet" in auditor.get(EXPORTS)
    download(auditor)
    download(administrator)
    first, second = (event["event_id"] for event in exports(db) if "completes" not in event["context"]["export"])
    page = auditor.get(EXPORTS)
    assert f"audit-log-{first}.csv" in page
    assert f"audit-log-{second}.csv" not in page
    auditor.get(f"{EXPORTS}/{second}/manifest", status=404)
    page = text_of(administrator.get(EXPORTS))
    assert "Mei Tanaka" in page
    assert "Alex Morgan" in page
    assert manifest_of(administrator, first)["by"]["actor"] == "Mei Tanaka"
    db.run("update users set categories = '{contacts}' where id = 1")
    limited = visitor("admin")
    assert "Mei Tanaka" not in limited.get(EXPORTS), "whom the exports of others are no business of"
    assert f"audit-log-{second}.csv" in limited.get(EXPORTS)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_that_runs_shows_how_far_it_is_and_the_page_follows_it_if_asked_to(
    db: Database, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(export_of_events, "BETWEEN_NOTES", 0)
    monkeypatch.setattr(workbook, "BETWEEN_SIGNS", 5)
    monkeypatch.setattr(files, "CHUNK", 1)
    many(db, 12)
    contacts, mei = Filters.from_query({"category": "contacts"}), Recorder("2", "Mei Tanaka", {})
    browser = visitor("auditor")
    export = Export(app.extensions["pool"], contacts, EVERYTHING, mei, limit=1_000, file=File(kind))
    try:
        assert "running 0 of 12 events" in text_of(browser.get(EXPORTS))
        assert manifest_of(browser, export.event_id)["outcome"] == "running"
        for _ in range(
            2 if kind == "xlsx" else 3
        ):  # a chunk is noted when the next one is asked for; the first is the header
            next(export)
        page = browser.get(EXPORTS)
        done, told = (5, "written so far; the workbook leaves when it is whole") if kind == "xlsx" else (1, "have left")
        assert f'<progress max="12" value="{done}"' in page
        assert f"running {done} of 12 events{told}" in text_of(page)
        assert "Refresh" not in browser.client.get(EXPORTS).headers
        followed = browser.client.get(f"{EXPORTS}/running")
        assert followed.headers["Refresh"] == "3"
        assert "1 export running. This page looks again every 3 seconds until it has ended. Stop that" in text_of(
            followed.text
        )
    finally:
        export.close()
    ended = browser.client.get(f"{EXPORTS}/running")
    assert "Refresh" not in ended.headers
    assert ("Continue it" in ended.text) == (kind == "csv")
    assert ("A workbook is of use only as a whole: it cannot be continued." in text_of(ended.text)) == (kind == "xlsx")


@pytest.mark.parametrize("names", [[], list(reversed(NAMES))])
def test_the_order_of_the_choice_does_not_matter(names: list[str]) -> None:
    assert [column.name for column in chosen(names)] == list(NAMES)
