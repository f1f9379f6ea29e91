"""Spreadsheets: every value as it is, none of them a formula, and nothing cut without a word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, address, download, imported, many, rows_of
from tests.web.test_export import ODD, exports, notes
from tests.web.test_export_columns import take
from webapp.exports import workbook
from webapp.exports.columns import NAMES

Visitor = Callable[..., Browser]
ABOUT = "About this file"


def opened(file: bytes) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """What another program reads: rows by column, and what the file says about itself."""
    book = load_workbook(BytesIO(file))
    events, about = book.worksheets
    assert about.title == ABOUT
    header, *rows = ([plain(cell.value) for cell in row] for row in events.iter_rows())
    return [dict(zip(header, row, strict=True)) for row in rows], {str(a): str(b) for a, b in about.values}


def plain(value: Any) -> Any:
    """As a spreadsheet shows it: openpyxl leaves the escapes of the format where they are."""
    return unescape(value) if isinstance(value, str) else value


def test_a_workbook_holds_the_same_events_as_csv(db: Database, visitor: Visitor) -> None:
    many(db, 12)
    browser = visitor("auditor")
    rows = rows_of(download(browser, address(category="contacts")))
    file = download(browser, address(category="contacts"), format="xlsx")
    found, about = opened(file)
    assert [{name: str(value if value is not None else "") for name, value in row.items()} for row in found] == rows
    assert list(found[0]) == list(NAMES)
    begun, ended = exports(db)[-2:]
    assert about["filters"] == "category:contacts"
    assert (about["rows"], about["by"]) == ("12", "actor Mei Tanaka, actor_id 2, login web, address 127.0.0.1")
    assert f"export {begun['event_id']}" in about["Bytes and SHA-256"]
    note = ended["context"]["export"]
    assert (note["outcome"], note["row_count"], note["bytes"]) == ("complete", 12, len(file))
    assert note["sha256"] == hashlib.sha256(file).hexdigest()


FORMULAS = [sign + 'cmd|"/c calc"!A1' for sign in "=+-@\t\n＝＋－＠"]
MARKUP = ["<r>a & b</r>", "<r><t>x</t></r>", "</t></is></c>", "_x0041_", "http://example.org", "mailto:a@b.c", "{=1+1}"]


def test_no_cell_is_anything_but_the_text_that_it_was(db: Database, visitor: Visitor) -> None:
    values = [*FORMULAS, *MARKUP, *ODD.values(), "1e3", "TRUE", "2026-01-01", "00042", "👩🏽‍💻" * 50]
    imported(db, *[{"record_label": value, "actor_name": value, "context": {"note": value}} for value in values])
    file = take(visitor("auditor"), "record_label", "actor_name", "context", kind="xlsx")
    sheet = load_workbook(BytesIO(file)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows(min_row=2, min_col=2) for cell in row if cell.value} == {"s"}
    assert [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink] == []
    found = [row for row in opened(file)[0] if row["context"] and "note" in json.loads(row["context"])]
    got = {row["record_label"] for row in found}
    assert got == set(values)
    assert {row["actor_name"] for row in found} == got
    guarded = {plain(row[0].value): row[0].quotePrefix for row in sheet.iter_rows(min_row=2, min_col=3, max_col=3)}
    assert [formula for formula in FORMULAS if not guarded[formula]] == [], "editing one does not make it a formula"
    assert not guarded["2026-01-01"]


def test_a_cell_that_is_too_long_says_so_itself_on_the_sheet_and_on_record(db: Database, visitor: Visitor) -> None:
    fits, long, emoji = ("x" * 32_758, "y" * 32_759, "😀" * 19_991)  # and nine characters around them
    imported(db, *[{"after": {"n": text}} for text in (fits, long, emoji)])
    browser = visitor("auditor")
    file = take(browser, "after", kind="xlsx", path=f"{REPORT}/export?category=contacts")
    rows, about = opened(file)
    cut_emoji, cut, whole = (row["after"] for row in rows)
    assert json.loads(whole) == {"n": fits}
    for text, length in ((cut, 32_768), (cut_emoji, 20_000)):
        assert workbook.units(text) <= workbook.LONGEST_CELL
        assert text.endswith(f"… [cut: {length:,} characters do not fit into a cell; CSV and NDJSON hold them all]")
    assert about["Cut cells"].startswith("2;")
    assert about[f"event {rows[1]['event_id']}"] == "after: 32,768 characters"
    assert notes(db)[-1]["cut_cells"] == 2
    begun = exports(db)[-2]["event_id"]
    assert json.loads(browser.client.get(f"{REPORT}/exports/{begun}/manifest").data)["cut_cells"] == 2


def test_more_rows_than_a_sheet_holds_are_refused_before_the_first(
    db: Database, app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(db, 12)
    monkeypatch.setattr(workbook, "MOST_ROWS", 10)
    browser = visitor("auditor")
    path = f"{REPORT}/export?category=contacts"
    refusal = browser.post(path, page=REPORT, status=413, format="xlsx").text
    assert "more than 10 events, and a sheet holds no more than that" in refusal
    assert "Choose CSV or NDJSON" in refusal
    assert exports(db) == []
    assert len(rows_of(download(browser, address(category="contacts")))) == 12


def test_a_workbook_of_nothing_has_a_header_and_a_sheet_about_it(visitor: Visitor) -> None:
    rows, about = opened(download(visitor("auditor"), address(record="none"), format="xlsx"))
    assert rows == []
    assert about["filters"] == "record:none"
