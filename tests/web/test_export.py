"""The exported file: what the filters show, on record before it leaves, whatever becomes of the reader."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from html import unescape
from importlib.metadata import version
from itertools import chain, count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg_pool import ConnectionPool

from tests.conftest import Browser, Database, csrf_token
from tests.web.reading import REPORT, address, download, flood, imported, looked, many, rows_of, walk
from webapp.exports import BYTE_ORDER_MARK, CHUNK, Export
from webapp.filters import Filters
from webapp.scopes import EVERYTHING
from webapp.web.recording import Visitor as Recorder

Visitor = Callable[..., Browser]
LIMIT = 1_000_000


@contextmanager
def opened(browser: Browser, page: str = REPORT) -> Generator[Iterator[bytes]]:
    """An export as it arrives, chunk by chunk; the reader goes away at the end of the block."""
    html = browser.get(page)
    action = re.search(r'method="post" action="([^"]*export[^"]*)"', html)
    assert action, "the page has no export form"
    response = browser.client.post(unescape(action[1]), data={"csrf_token": csrf_token(html)}, buffered=False)
    assert response.status_code == 200
    try:
        yield iter(response.iter_encoded())
    finally:
        response.close()


def exports(db: Database) -> list[dict[str, Any]]:
    return db.events("action = 'export'")


def notes(db: Database) -> list[dict[str, Any]]:
    """What is on record about exports, without who and where from."""
    return [event["context"]["export"] for event in exports(db)]


# -- the rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"category": "contacts"},
        {"category": "access"},
        {"action": "insert", "actor": "p3"},
        {"entity": "contact", "record": "17"},
        {"login": "postgres", "from_": "2026-02-01", "to": "2026-02-01", "tz": "Asia/Kolkata"},
        {"record": "nonesuch"},
    ],
    ids=lambda filters: " ".join(filters) or "none",
)
def test_the_file_holds_the_events_of_all_pages_in_their_order(
    db: Database, visitor: Visitor, filters: dict[str, str]
) -> None:
    many(db, 123)
    browser = looked(visitor("auditor"), address(**filters))
    shown = list(chain.from_iterable(walk(browser, address(**filters))))
    if "record" in filters and filters["record"] != "17":
        assert shown == []  # such a page offers the button all the same
    else:
        assert shown
    rows = rows_of(download(browser, address(**filters)))
    assert [int(row["event_id"]) for row in rows] == shown


def test_an_export_does_not_hold_itself_but_the_next_one_does(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    assert [row["action"] for row in rows_of(download(browser))].count("export") == 0
    assert [row["action"] for row in rows_of(download(browser))].count("export") == 2


def test_a_page_number_does_not_cut_the_file(db: Database, visitor: Visitor) -> None:
    many(db, 120)
    browser = visitor("auditor")
    older = re.search(r'rel="next" href="([^"]+)"', browser.get(address(category="contacts")))
    assert older
    assert len(rows_of(download(browser, unescape(older[1])))) == 120


# -- the values ----------------------------------------------------------------------------------

ODD = {
    "commas": "Lovelace, Ada, Countess",
    "quotes": 'Ada "the Countess" Lovelace',
    "line feeds": "Ada\nLovelace\n",
    "carriage returns": "Ada\r\nLovelace\rCountess",
    "emoji": "Ada 👩🏽‍💻 Lovelace",
    "right to left": "עדה לאבלייס \u202eadA",
    "backslashes": "\\.",
    "only a quote": '"',
    "trailing blanks": "Ada  ",
    "long": "Ada, " * 30,
}


def test_odd_values_come_back_exactly(db: Database, visitor: Visitor) -> None:
    texts = ["record_id", "record_label", "actor_id", "actor_name", "application", "request_id"]
    rows = {value: {"id": 7, "notes": value, value: [value, None, 1.50]} for value in ODD.values()}
    imported(
        db,
        *[
            {"after": after, "context": {"note": value}, "client_addr": "2001:db8::1", **dict.fromkeys(texts, value)}
            for value, after in rows.items()
        ],
    )
    found = rows_of(download(visitor("auditor"), address(category="contacts")))
    assert len(found) == len(ODD)
    for row, value in zip(found, reversed(ODD.values()), strict=True):
        assert {name: row[name] for name in texts} == dict.fromkeys(texts, value)
        assert json.loads(row["after"]) == rows[value]
        assert json.loads(row["context"]) == {"note": value}
        assert row["before"] == ""
        assert row["client_addr"] == "2001:db8::1"
        assert row["occurred_at"] == "2026-01-15T12:00:00.000000Z"


def test_no_text_is_a_formula_to_a_spreadsheet(db: Database, visitor: Visitor) -> None:
    formulas = [sign + 'cmd|"/c calc"!A1' for sign in "=+-@\t\r\n＝＋－＠"]
    texts = ["entity", "record_id", "record_label", "actor_id", "actor_name", "application", "request_id"]
    texts += ["schema_name", "table_name"]
    imported(db, *[dict.fromkeys(texts, formula) for formula in formulas])
    found = rows_of(download(visitor("auditor"), address(to="2026-01-15")))
    assert len(found) == len(formulas)
    for row, formula in zip(found, reversed(formulas), strict=True):
        assert {name: row[name] for name in texts} == dict.fromkeys(texts, "'" + formula)
        assert not [cell for cell in row.values() if cell.startswith(formula[0])]


def test_a_sign_inside_a_text_is_left_alone(db: Database, visitor: Visitor) -> None:
    imported(db, {"record_label": "a=b+c-d@e", "actor_name": "Ada-Mae O'Neil <ada@example.org>"})
    row = rows_of(download(visitor("auditor"), address(category="contacts")))[0]
    assert (row["record_label"], row["actor_name"]) == ("a=b+c-d@e", "Ada-Mae O'Neil <ada@example.org>")


def test_changed_fields_cannot_be_a_formula_either(db: Database, visitor: Visitor) -> None:
    imported(db, {"action": "update", "schema_name": "s", "table_name": "t", "before": {"=1": 1}, "after": {"=1": 2}})
    assert rows_of(download(visitor("auditor"), address(action="update")))[0]["changed_fields"] == "'=1"


# -- the bytes -----------------------------------------------------------------------------------


def test_lines_end_as_the_csv_standard_says(db: Database, visitor: Visitor) -> None:
    many(db, 3)
    file = download(visitor("auditor"), address(category="contacts"))
    assert file.count(b"\r\n") == 4
    assert file.endswith(b"\r\n")
    assert b"\n" not in file.replace(b"\r\n", b"")
    assert file.startswith(b"event_id,occurred_at,category,action,")


def test_an_export_of_nothing_is_a_header(visitor: Visitor) -> None:
    file = download(visitor("auditor"), address(record="none"))
    assert file.startswith(b"event_id,")
    assert file.count(b"\r\n") == 1
    assert file.endswith(b"imported_at\r\n")


def test_the_byte_order_mark_is_there_only_when_asked_for(visitor: Visitor) -> None:
    browser = visitor("auditor")
    assert download(browser).startswith(b"event_id,")
    marked = download(browser, for_excel="y")
    assert marked.startswith(BYTE_ORDER_MARK + b"event_id,")
    assert marked.count(BYTE_ORDER_MARK) == 1


def test_the_file_is_named_after_its_event(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    response = browser.post(f"{REPORT}/export", page="/reports/", status=200)
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    named = f'attachment; filename="audit-log-{exports(db)[0]["event_id"]}.csv"'
    assert response.headers["Content-Disposition"] == named
    assert response.headers["Cache-Control"] == "no-store"


# -- on record -----------------------------------------------------------------------------------


def test_the_export_is_on_record_before_the_first_byte(db: Database, app: Flask) -> None:
    many(db, 3)
    auditor = Recorder("2", "Mei Tanaka", {"ip": "203.0.113.7"})

    export = Export(
        app.extensions["pool"], Filters.from_query({"category": "contacts"}), EVERYTHING, auditor, limit=LIMIT
    )
    try:
        # Another connection sees it, so it is committed.
        (event,) = exports(db)
        assert event["event_id"] == export.event_id
        assert event["context"]["export"] == {
            "format": "csv",
            "filter": {"category": "contacts", "tz": "UTC"},
            "row_count": 3,
            "version": version("audit-log-report"),
        }
        assert (event["actor_id"], event["actor_name"], event["db_user"]) == ("2", "Mei Tanaka", "web")
        assert b"".join(export).count(b"\r\n") == 4
    finally:
        export.close()
    assert len(exports(db)) == 2


def test_nothing_leaves_when_it_cannot_be_put_on_record(db: Database, visitor: Visitor, app: Flask) -> None:
    many(db, 3)
    browser = visitor("auditor")
    token = csrf_token(browser.get(REPORT))
    db.run("revoke execute on function audit.begin_export from audit_web")
    for _ in range(6):  # more than the pool has connections
        response = browser.client.post(f"{REPORT}/export", data={"csrf_token": token})
        assert response.status_code == 500
        assert "text/csv" not in response.headers["Content-Type"]
        assert "Contact 1" not in response.text
    browser.get(REPORT)


def test_what_arrived_is_on_record_with_count_and_checksum(db: Database, visitor: Visitor) -> None:
    many(db, 77)
    file = download(visitor("auditor"), address(category="contacts"))
    begun, ended = exports(db)
    assert ended["context"]["export"] == {
        "format": "csv",
        "completes": begun["event_id"],
        "outcome": "complete",
        "row_count": 77,
        "bytes": len(file),
        "sha256": hashlib.sha256(file).hexdigest(),
    }
    for event in (begun, ended):
        assert (event["actor_id"], event["actor_name"]) == ("2", "Mei Tanaka")
        assert event["context"]["ip"] == "127.0.0.1"


def test_the_checksum_covers_the_byte_order_mark(db: Database, visitor: Visitor) -> None:
    file = download(visitor("auditor"), for_excel="y")
    assert notes(db)[-1]["sha256"] == hashlib.sha256(file).hexdigest()


def test_rows_are_counted_and_not_lines(db: Database, visitor: Visitor) -> None:
    imported(db, {"record_label": "a\nb\r\nc\n\n"}, {"record_label": "\n"})
    download(visitor("auditor"), address(category="contacts"))
    assert notes(db)[-1]["row_count"] == 2


def test_an_export_shows_one_moment_whatever_is_written_meanwhile(db: Database, visitor: Visitor) -> None:
    flood(db, 2_000)
    writer = db.connect("app")
    with opened(visitor("auditor"), address(category="contacts")) as chunks:
        file = next(chunks)
        assert len(file) >= CHUNK
        writer.execute("insert into contacts (first_name) values ('Later')")
        file += b"".join(chunks)
    assert len(rows_of(file)) == 2_000
    assert b"Later" not in file
    assert notes(db)[-1]["sha256"] == hashlib.sha256(file).hexdigest()


def test_a_reader_who_goes_away_is_recorded_by_name_and_blocks_nobody(
    db: Database, app: Flask, visitor: Visitor
) -> None:
    flood(db, 5_000)
    auditor, administrator = visitor("auditor"), visitor("admin")
    for number in range(1, 7):  # more than the pool has connections
        with opened(auditor, address(category="contacts")) as chunks:
            sent = next(chunks)
            administrator.get("/reports/")  # somebody else is busy meanwhile
        begun, ended = exports(db)[-2:]
        assert len(exports(db)) == 2 * number
        note = ended["context"]["export"]
        assert (note["outcome"], note["completes"]) == ("client went away", begun["event_id"])
        assert (note["row_count"], note["bytes"]) == (sent.count(b"\r\n") - 1, len(sent))
        assert note["sha256"] == hashlib.sha256(sent).hexdigest()
        assert (ended["actor_id"], ended["actor_name"]) == ("2", "Mei Tanaka")
    rows = rows_of(download(administrator, address(category="contacts")))
    assert len(rows) == 5_000
    assert exports(db)[-1]["actor_name"] == "Alex Morgan"
    assert "broke off exporting" in administrator.get(address(category="exports"))


def test_a_reader_who_never_takes_a_byte_is_recorded_too(db: Database, app: Flask) -> None:
    auditor = Recorder("2", "Mei Tanaka", {})

    export = Export(app.extensions["pool"], Filters(), EVERYTHING, auditor, limit=LIMIT)
    export.close()
    export.close()
    assert [note.get("outcome") for note in notes(db)] == [None, "client went away"]
    assert (notes(db)[-1]["row_count"], notes(db)[-1]["bytes"]) == (0, 0)


def test_an_export_that_fails_before_its_first_byte_has_an_end_too(db: Database, visitor: Visitor) -> None:
    db.run("revoke execute on function audit.csv_text from audit_web")
    visitor("auditor").post(f"{REPORT}/export", page="/reports/", status=500)
    assert [note.get("outcome") for note in notes(db)] == [None, "the database gave up"]


def test_a_connection_that_dies_on_the_way_is_recorded_and_replaced(db: Database, app: Flask) -> None:
    flood(db, 20_000)
    auditor = Recorder("2", "Mei Tanaka", {})

    export = Export(app.extensions["pool"], Filters(), EVERYTHING, auditor, limit=LIMIT)
    sent = [next(export)]
    copying = "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database()"
    assert db.run(f"{copying} and usename = 'web' and query ilike 'copy%%'") == [(True,)]
    with pytest.raises(psycopg.OperationalError):
        sent.extend(export)
    assert notes(db)[-1]["outcome"] == "the database gave up"
    assert notes(db)[-1]["sha256"] == hashlib.sha256(b"".join(sent)).hexdigest()
    pool: ConnectionPool[Any] = app.extensions["pool"]
    with pool.connection() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_connections_come_back_from_an_export_ready_to_write(db: Database, app: Flask, visitor: Visitor) -> None:
    browser = visitor("auditor")
    for _ in range(6):
        download(browser)
    pool: ConnectionPool[Any] = app.extensions["pool"]
    with pool.connection() as connection:
        assert connection.execute("show transaction_isolation").fetchone() == ("read committed",)
        assert connection.execute("show transaction_read_only").fetchone() == ("off",)
        assert connection.execute("show statement_timeout").fetchone() == ("15s",)


# -- who may -------------------------------------------------------------------------------------


def test_a_plain_user_gets_no_file_and_the_attempt_is_recorded(db: Database, visitor: Visitor) -> None:
    response = visitor("plain").post(f"{REPORT}/export", page="/reports/", status=403)
    assert response.mimetype == "text/html"
    assert exports(db) == []
    assert db.last()["action"] == "denied"


def test_an_export_needs_the_token_of_a_page(db: Database, visitor: Visitor) -> None:
    response = visitor("auditor").client.post(f"{REPORT}/export")
    assert response.status_code == 400
    assert exports(db) == []


def test_a_filter_that_cannot_be_understood_exports_nothing(db: Database, visitor: Visitor) -> None:
    visitor("auditor").post(f"{REPORT}/export?from=never", page="/reports/", status=400)
    assert exports(db) == []


# -- how much ------------------------------------------------------------------------------------


def resident() -> int:
    """Bytes of memory that this process holds now."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc, to read this process's memory")
def test_a_hundred_thousand_events_take_no_more_memory_than_a_few(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    download(browser)  # whatever is loaded once, is loaded now
    flood(db, 100_000)
    page = address(category="contacts")
    browser.get(page)
    digest, size, lines, growth = hashlib.sha256(), 0, 0, 0
    before = resident()
    with opened(browser, page) as chunks:
        for chunk, number in zip(chunks, count(), strict=False):
            digest.update(chunk)
            size += len(chunk)
            lines += chunk.count(b"\r\n")
            if number % 8 == 0:
                growth = max(growth, resident() - before)
    growth = max(growth, resident() - before)
    assert lines == 100_001
    assert size > 32 * 1024 * 1024, "a smaller file would prove nothing"
    assert growth < 32 * 1024 * 1024
    assert (notes(db)[-1]["row_count"], notes(db)[-1]["sha256"]) == (100_000, digest.hexdigest())


# -- for programs --------------------------------------------------------------------------------


def test_ndjson_holds_the_same_events_as_csv_and_every_value_as_it_is(db: Database, visitor: Visitor) -> None:
    texts = ["record_id", "record_label", "actor_id", "actor_name", "application", "request_id"]
    odd, marks = [*ODD.values(), "=1+1", '{"a": 1}'], "\x01quoted\x02\x1f"  # which no page shows
    imported(db, *[{"after": {value: [value, None, marks]}, **dict.fromkeys(texts, value)} for value in odd])
    db.run("create table prices (id int primary key, amount numeric); select audit.track('prices')")
    db.run("insert into prices values (1, 1.10), (2, 1e100); update prices set amount = 1.100")
    browser = visitor("auditor")
    rows = rows_of(download(browser, address(category="contacts")))
    file = download(browser, address(category="contacts"), format="ndjson")
    assert file.endswith(b"}\n")
    assert b"\r" not in file
    assert file.count(b"\n") == len(rows) == len(odd)
    for line, row, value in zip(file.splitlines(), rows, reversed(odd), strict=True):
        event = json.loads(line)
        assert list(event) == list(row), "the same names in the same order"
        assert str(event["event_id"]) == row["event_id"]
        assert {name: event[name] for name in texts} == dict.fromkeys(texts, value)
        assert event["after"] == {value: [value, None, marks]}
        assert event["before"] is event["client_addr"] is event["changed_fields"] is None
    (begun, ended) = notes(db)[-2:]
    assert (begun["format"], begun["row_count"]) == ("ndjson", len(odd))
    assert (ended["format"], ended["sha256"]) == ("ndjson", hashlib.sha256(file).hexdigest())

    file = download(browser, address(entity="prices", action="update"), format="ndjson")
    first = json.loads(file.splitlines()[-1], parse_float=str)
    assert (first["before"]["amount"], first["after"]["amount"]) == ("1.10", "1.100")
    assert first["changed_fields"] == ["amount"]


def test_ndjson_takes_no_byte_order_mark_and_of_nothing_is_empty(visitor: Visitor) -> None:
    browser = visitor("auditor")
    assert download(browser, format="ndjson", for_excel="y").startswith(b'{"event_id"')
    assert download(browser, address(record="none"), format="ndjson") == b""


def test_a_format_that_there_is_not_exports_nothing(db: Database, visitor: Visitor) -> None:
    page = visitor("auditor").post(f"{REPORT}/export", page="/reports/", status=400, format="xls").text
    assert "choose one of csv, xlsx, ndjson" in page
    assert exports(db) == []
