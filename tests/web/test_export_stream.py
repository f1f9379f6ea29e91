"""The exported file: exactly what is shown, on record before it leaves, in constant memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import Browser, Database, csrf_token
from tests.web.reading import REPORT, address, download, rows_of, walk
from webapp.exports import CsvExport
from webapp.filters import Filters

Visitor = Callable[..., Browser]


def resident_kib() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])


def a_little_of_everything(db: Database) -> None:
    app = db.connect()
    with app.transaction():
        app.execute("select audit.set_actor('42', 'Ada')")
        app.execute(
            "insert into contacts (id, first_name, notes) select n, 'C' || n, 'x' from generate_series(1, 60) n"
        )
    app.execute("update contacts set notes = 'y' where id < 10")
    app.execute("insert into groups (id, name) values (1, 'Press')")
    app.execute("insert into contact_groups values (1, 1)")
    app.execute("delete from contacts where id = 2")


@pytest.mark.parametrize(
    "narrowed",
    [{}, {"category": "contacts"}, {"category": "groups"}, {"action": "update"}, {"actor": "42"}, {"login": "app"},
     {"entity": "contact", "record": "2"}, {"from_": "2020-01-01", "to": "2020-01-02"}],
    ids=str,
)  # fmt: skip
def test_the_file_holds_the_events_of_the_pages(db: Database, visitor: Visitor, narrowed: dict[str, str]) -> None:
    browser = visitor("auditor")
    a_little_of_everything(db)
    page = address(**narrowed)
    file = download(browser, page)
    shown = [str(event_id) for ids in walk(browser, page) for event_id in ids]
    exports = {str(event["event_id"]) for event in db.events("action = 'export'")}
    assert [row["event_id"] for row in rows_of(file)] == [event_id for event_id in shown if event_id not in exports]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
def test_a_spreadsheet_takes_no_name_for_a_formula(db: Database, visitor: Visitor, name: str) -> None:
    app = db.connect()
    with app.transaction():
        app.execute("select audit.set_actor(%s, %s, %s)", (name, name, name))
        app.execute("insert into groups (name) values (%s)", (name,))
    row = rows_of(download(visitor("auditor"), address(category="groups")))[0]
    for column in ("actor_id", "actor_name", "request_id"):
        assert row[column] == "'" + name
    assert row["record_label"] == "'" + name or row["record_label"] == "'" + name.strip()


def test_every_value_comes_back_as_it_was(db: Database, visitor: Visitor) -> None:
    name = 'Quote " comma , line\nbreak 😀 שלום; \\ end'
    db.connect().execute("insert into groups (name) values (%s)", (name,))
    file = download(visitor("auditor"), address(category="groups"))
    assert rows_of(file)[0]["record_label"] == name
    assert b"\r\n" in file
    assert not file.startswith(b"\xef\xbb\xbf")


def test_a_mark_for_excel_is_there_only_when_asked_for(visitor: Visitor) -> None:
    assert download(visitor("auditor"), REPORT, for_excel="y").startswith(b"\xef\xbb\xbfevent_id,")


def test_the_export_is_on_record_before_the_first_byte_and_its_end_afterwards(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    a_little_of_everything(db)
    html = browser.get(REPORT)
    response = browser.client.post(
        "/reports/audit-log/export?category=contacts", data={"csrf_token": csrf_token(html)}, buffered=False
    )
    begun = db.last()
    assert (begun["action"], begun["entity"], begun["actor_name"]) == ("export", "report", "Mei Tanaka")
    assert begun["context"]["export"]["filter"] == {"category": "contacts", "tz": "UTC"}
    file = response.data
    response.close()
    done = db.last()["context"]["export"]
    assert done["completes"] == begun["event_id"]
    assert done["row_count"] == len(rows_of(file))
    assert done["sha256"] == hashlib.sha256(file).hexdigest()


def test_a_reader_who_goes_away_is_recorded_by_name_and_costs_no_connection(
    db: Database, app: Flask, visitor: Visitor
) -> None:
    browser = visitor("auditor")
    db.run(
        "insert into audit.events (entity, schema_name, table_name, record_id, action, after) "
        "select 'contact', 'public', 'contacts', n::text, 'insert', jsonb_build_object('notes', repeat('x', 500)) "
        "from generate_series(1, 20000) n"
    )
    for _ in range(6):  # more than there are connections
        html = browser.get(REPORT)
        response = browser.client.post(
            "/reports/audit-log/export", data={"csrf_token": csrf_token(html)}, buffered=False
        )
        next(iter(response.response))
        response.close()
        last = db.last()
        assert last["actor_name"] == "Mei Tanaka"
        assert last["context"]["export"]["outcome"] == "client went away"
        assert "sha256" not in last["context"]["export"]


def test_a_hundred_thousand_events_take_little_memory(db: Database, app: Flask) -> None:
    db.run(
        "insert into audit.events (entity, schema_name, table_name, record_id, record_label, action, after) "
        "select 'contact', 'public', 'contacts', n::text, 'Name ' || n, 'insert', "
        "jsonb_build_object('id', n, 'first_name', 'Name', 'notes', repeat('note ', 40)) from generate_series(1, 100000) n"
    )
    export = CsvExport(app.extensions["pool"], Filters(category="contacts"), lambda connection, details: 1)
    next(export)
    before = highest = resident_kib()
    size = 0
    for chunk in export:
        size += len(chunk)
        highest = max(highest, resident_kib())
    assert size > 30_000_000
    assert highest - before < 32 * 1024
