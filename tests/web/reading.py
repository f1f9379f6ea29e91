"""What the tests of the report share: making events, and reading pages and files back."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import html5lib
from psycopg.types.json import Jsonb

from tests.conftest import Browser, Database, csrf_token, parsed
from webapp import narrowing, searching
from webapp.exports import FORMATS

REPORT = "/reports/audit-log"
#: What an imported event of a contact names.
ROW = {"schema_name": "public", "table_name": "contacts", "record_id": "7", "record_label": "Ada Lovelace"}


def imported(db: Database, *events: dict[str, Any]) -> list[int]:
    """Load events of another system, each a created contact unless it says otherwise; their ids."""
    before = db.value("select coalesce(max(event_id), 0) from audit.events")
    loaded: list[dict[str, Any]] = []
    for number, event in enumerate(events, 1):
        row = {"schema_name": "public", "table_name": "contacts", "record_id": str(number), "after": {"id": number}}
        own = {"occurred_at": "2026-01-15T12:00:00Z", "entity": "contact", "action": "insert"}
        bare = event.get("action", "insert") not in ("insert", "baseline")
        loaded.append(own | ({} if bare else row) | event)
    db.run("select audit.import_events(%s)", Jsonb(loaded))
    return [row[0] for row in db.run("select event_id from audit.events where event_id > %s order by 1", before)]


def many(
    db: Database, number: int, expression: str = "timestamptz '2026-02-01 00:00Z' + n * interval '1 minute'"
) -> None:
    """That many created contacts; `expression` says when the n-th was."""
    db.run(
        f"""select audit.import_events((select jsonb_agg(jsonb_build_object(
              'occurred_at', {expression}, 'entity', 'contact', 'action', 'insert', 'schema_name', 'public',
              'table_name', 'contacts', 'record_id', n, 'record_label', 'Contact ' || n, 'actor_id', 'p' || n % 7,
              'after', jsonb_build_object('id', n))) from generate_series(1, {number}) n))"""
    )


def flood(db: Database, number: int, months: int = 1) -> None:
    """Very many events, written straight into the table and spread over so many months up to now."""
    db.run(f"select audit.add_partition(now() - n * interval '1 month') from generate_series(0, {months}) n")
    db.run(
        f"""insert into audit.log (occurred_at, shape_id, action, record_id, record_label, new_row, actor_id, actor_name, db_user)
            select now() - n * (interval '{months} months' / {number}),
              (select audit.find_subject('contact', 'public', 'contacts')), 'i', n % 997, 'Contact ' || n % 997,
              jsonb_build_object('id', n, 'notes', repeat('x', 200))::text, 'p' || n % 101, 'Person ' || n % 101, 'app'
            from generate_series(1, {number}) n"""
    )
    db.run("analyze audit.log")
    if number > narrowing.MOST_UNFOUND:
        searching.extend(db.superuser)  # as a server at work would have


def address(**filters: str) -> str:
    """The report narrowed by filters; `from_` is from."""
    query = urlencode({name.rstrip("_"): value for name, value in filters.items()})
    return f"{REPORT}?{query}" if query else REPORT


def event_ids(html: str) -> list[int]:
    """The events of a page, from its top."""
    return [int(found) for found in re.findall(r'<(?:tr|li) id="event-(\d+)">', html)]


def link(html: str, rel: str) -> str | None:
    """Where Older (next) or Newer (prev) leads."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', html)
    return unescape(found[1]) if found else None


def looked(browser: Browser, page: str = REPORT) -> Browser:
    """A reader whose view of a page is on record: looking again adds nothing to it."""
    browser.get(page)
    return browser


def walk(browser: Browser, start: str = REPORT) -> list[list[int]]:
    """Every page from here to the oldest."""
    pages: list[list[int]] = []
    here: str | None = start
    while here:
        html = browser.get(here)
        pages.append(event_ids(html))
        here = link(html, "next")
    return pages


def text_of(html: str) -> str:
    """What a person reads, on one line."""
    document = html5lib.parse(html, namespaceHTMLElements=False)
    body = document.find("body")
    assert body is not None
    return " ".join("".join(body.itertext()).split())


def row_text(html: str, event_id: int) -> str:
    """What a person reads in one row of the list."""
    document = parsed(html)
    row = next(e for e in document.iter() if e.get("id") == f"event-{event_id}")
    return " ".join("".join(row.itertext()).split())


def download(browser: Browser, page: str = REPORT, **fields: str) -> bytes:
    """The file behind the Export button of a page."""
    html = browser.get(page)
    action = re.search(r'method="post" action="([^"]*export[^"]*)"', html)
    assert action, "the page has no export form"
    data = {"csrf_token": csrf_token(html), **fields}
    with browser.client.post(unescape(action[1]), data=data) as response:
        assert response.status_code == 200, response.status
        assert response.mimetype == FORMATS[fields.get("format", "csv").partition("-")[0]]
        return response.data


def rows_of(file: bytes) -> list[dict[str, str]]:
    """The file, read by Python's csv."""
    return list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))


def detail(browser: Browser, event_id: int) -> str:
    """The page of one event, as a person reads it."""
    document = parsed(browser.get(f"{REPORT}/events/{event_id}"))
    body = document.find("body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


def newest(browser: Browser, page: str = REPORT) -> str:
    """The top row, as a person reads it."""
    html = browser.get(page)
    return row_text(html, event_ids(html)[0])
