"""Hostile content that is stored in every place a page or a file may show: it is shown, and it is only text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.conftest import Browser, Database, parsed
from tests.web.attacking import MARKUP, address, crawl, pages
from tests.web.reading import REPORT, download, event_ids, imported, text_of

Visitor = Callable[..., Browser]
URL = "javascript:alert(1)//"
FORMULAS = ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x"]

#: What whoever writes or imports an event says of it.
CLAIMED = ("actor_id", "actor_name", "application", "request_id", "record_id", "record_label", "schema_name",
           "table_name")  # fmt: skip


def fill(db: Database, text: str) -> None:
    """This text as a name, a value, a column, a table, a login, an application, a person, a request and a filter."""
    db.run("update users set name = %s where id = 1", text)
    db.run("insert into users (name, email, password_hash) values (%s, %s, '!')", text, f"{text}@x")
    db.run("insert into groups (name, description) values (%s, %s)", text, text)
    db.run("insert into contacts (id, first_name, notes, tags) values (501, %s, %s, %s)", text, text, [text])
    db.run("insert into contact_groups select 501, id from groups")
    table, role = sql.Identifier(f"t {text}"[:40]), sql.Identifier(f"r {text}"[:40])
    create = sql.SQL("create table {} (id text primary key, {} text)").format(table, sql.Identifier(text[:60]))
    db.superuser.execute(create)
    name = db.value("select %s::regclass::text", table.as_string(db.superuser))
    db.run("select audit.track(%s::regclass, entity => 'odd')", name)
    db.superuser.execute(sql.SQL("create role {} login").format(role))
    db.superuser.execute(sql.SQL("grant insert, update on {} to {}").format(table, role))
    try:
        login = role.as_string(db.superuser)[1:-1].replace('""', '"')
        with psycopg.connect(db.url, user=login, application_name=text[:30]) as connection:
            connection.execute(
                "select audit.set_actor(%s, %s, %s, %s::jsonb)",
                (text, text, text, Jsonb({text: text})),
            )
            connection.execute(sql.SQL("insert into {} values (%s, %s)").format(table), (text, text))
    finally:
        db.superuser.execute(sql.SQL("drop owned by {}; drop role {}").format(role, role))
    row = dict.fromkeys(CLAIMED, text)
    imported(
        db,
        {"action": "update", **row, "before": {text: text}, "after": {text: {text: [text]}}, "changed_fields": [text]},
        {"action": "export", "actor_id": text, "context": {"export": {"filter": {text: text}, "reason": text, "format": text}}},
        {"action": "denied", "actor_name": text, "context": {"denied": {"path": text}, "user_agent": text, "ip": text}},
        {"action": "configure", "context": {"configure": {"did": "track", "table_name": text, "problem": text}}},
    )  # fmt: skip


def only_text(html: str, where: str) -> None:
    """Nothing of what was stored has become a part of the page."""
    document = parsed(html)
    elements = [e for e in document.iter() if isinstance(e.tag, str)]
    assert not [e for e in elements if e.tag == "x-probe"], where
    assert not [e for e in elements if e.tag == "script" and not (e.get("src") or "").startswith("/static/")], where
    assert not [a for e in elements for a in e.attrib if a.startswith("on") or a == "style"], where
    addresses = [e.get(a) or "" for e in elements for a in ("href", "src", "action", "formaction") if e.get(a)]
    assert [a for a in addresses if not a.startswith(("/", "#", "?")) or a.startswith("//")] == [], where


@pytest.mark.parametrize("text", [MARKUP, URL], ids=["markup", "address"])
def test_stored_markup_is_text_on_every_page_and_in_every_file(
    db: Database, app: Flask, visitor: Visitor, text: str
) -> None:
    fill(db, text)
    browser = visitor("admin")
    browser.client.get(f"/reports/{text}", headers={"User-Agent": text})
    visitor("plain").client.get(REPORT, headers={"User-Agent": text})
    shown = 0
    for where, html in crawl(app, browser):
        only_text(html, where)
        shown += text_of(html).count(" ".join(text.split())[:20])
    assert shown > 50, "it was shown, again and again"
    file = download(browser)
    assert b"alert(1)" in file


def test_no_cell_of_a_file_is_a_formula_whichever_field_it_comes_from(db: Database, visitor: Visitor) -> None:
    for formula in FORMULAS:
        everywhere = dict.fromkeys(CLAIMED, formula)
        images: dict[str, Any] = {"before": {formula: formula}, "after": {formula: "x"}, "changed_fields": [formula]}
        imported(db, {"action": "update", **everywhere, **images, "context": {formula: formula}})
    browser = visitor("auditor")
    rows = list(csv.reader(io.StringIO(download(browser).decode(), newline="")))
    cells = list(chain.from_iterable(rows))
    assert sum(cell.startswith("'") for cell in cells) >= 9 * len(FORMULAS)
    assert [cell for cell in cells if re.match(r"[=+\-@\t\r\n＝＋－＠]", cell)] == []


UNSEEN = {
    "turned": "Evil \u202egnp.exe",
    "isolated": "a\u2066b\u2067c\u2069",
    "a second line": "Ada\r\nSet-Cookie: a=b\rEnd",
    "other lines": "one\u2028two\u2029three\x85four",
    "a terminal's": "\x1b[2J\x1b]0;title\x07\x08\x7f",
}


def test_what_would_turn_or_break_a_line_is_shown_by_its_number(db: Database, app: Flask, visitor: Visitor) -> None:
    browser = visitor("admin")
    for text in UNSEEN.values():
        db.run("update users set name = %s where id = 1", text)
        imported(db, {"actor_name": text, "actor_id": text, "record_label": text, "application": text,
                      "context": {"user_agent": text, text: [text]}, "after": {"id": 1, text: text}})  # fmt: skip
        visitor("plain").client.get(REPORT, headers={"User-Agent": "Moz\u0085illa\x1b"})
    forbidden = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
    everything = ""
    for where, html in crawl(app, browser, most=40):
        found = forbidden.search(
            re.sub(r'value="[^"]*"', "", html.replace("\r\n", "\n"))
        )  # a field keeps what it is given
        assert found is None, (where, hex(ord(found[0])))
        everything += text_of(html)
    for said in (
        "Evil ⟨U+202E⟩gnp.exe",
        "a⟨U+2066⟩b⟨U+2067⟩c⟨U+2069⟩",
        "⟨U+001B⟩[2J",
        "one⟨U+2028⟩two",
        "=b⟨U+000D⟩End",
    ):
        assert said in everything, said


def test_names_in_other_scripts_are_left_as_they_are_written(db: Database, visitor: Visitor) -> None:
    names = ["עדה לאבלייס", "آدا لوفليس\u200f (دكتور)", "艾达·洛芙莱斯", "Ада Лавлейс", "👩🏽‍💻", "é\u0301"]
    for name in names:
        imported(db, {"actor_name": name, "record_label": name})
    html = visitor("auditor").get(REPORT)
    assert len(event_ids(html)) >= len(names)
    for name in names:
        assert html.count(name) >= 2, name
    assert "⟨U+" not in html


def test_a_filter_with_such_a_character_can_be_sent_again(db: Database, visitor: Visitor) -> None:
    (event,) = imported(db, {"record_id": "a\u202eb", "entity": "contact"})
    browser = visitor("auditor")
    page = browser.get(f"{REPORT}?record=a%E2%80%AEb")
    assert event_ids(page) == [event]
    kept = re.search(r'name="record" value="([^"]*)"', page)
    assert kept is not None
    assert kept[1] == "a\u202eb"


def test_no_header_of_an_answer_is_made_of_what_somebody_sent(visitor: Visitor) -> None:
    browser = visitor("auditor")
    for path in ("/reports/audit-log/records/contact/a%0d%0aX-Evil:%201", "/reports/audit-log/actors/%0d%0aX-Evil:%201",
                 "/login?next=/reports/%0d%0aX-Evil:%201", "/reports%0d%0aX-Evil:1"):  # fmt: skip
        with browser.client.get(path) as response:
            assert "X-Evil" not in response.headers
            assert "\n" not in response.headers.get("Location", "")


def test_no_page_is_taken_for_another_kind_of_file(app: Flask, visitor: Visitor) -> None:
    browser = visitor("admin")
    for rule in pages(app):
        with browser.client.get(address(rule)) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["Content-Type"] in ("text/html; charset=utf-8", "application/json"), rule.rule
