"""Nothing that an event holds breaks a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, ROW, address, detail, download, event_ids, imported, row_text, rows_of, text_of

Visitor = Callable[..., Browser]


# -- imported events hold anything ---------------------------------------------------------------

ODD: dict[str, dict[str, Any]] = {
    "details are a text": {"action": "export", "context": {"export": "text"}},
    "details are a list": {"action": "export", "context": {"export": [1]}},
    "details are nothing": {"action": "export", "context": {"export": None}},
    "filter is a text": {"action": "export", "context": {"export": {"filter": "x"}}},
    "filter is deep": {"action": "export", "context": {"export": {"filter": {"a": {"b": [1, None, {"c": []}]}}}}},
    "count is a text": {"action": "export", "context": {"export": {"row_count": "many", "format": 7}}},
    "count is huge": {"action": "export", "context": {"export": {"row_count": 10**400}}},
    "ends without an outcome": {"action": "export", "context": {"export": {"completes": {}, "outcome": [1]}}},
    "settings are numbers": {"action": "configure", "context": {"configure": {"schema_name": 5, "table_name": [1]}}},
    "settings did a list": {"action": "configure", "context": {"configure": {"did": ["track"]}}},
    "path is a list": {"action": "denied", "context": {"denied": {"path": [1, 2]}}},
    "reason is an object": {"action": "sign_in_failed", "context": {"sign_in_failed": {"reason": {}}}},
    "context is empty": {"action": "view", "context": {}},
    "view of odd things": {
        "action": "view",
        "entity": "report",
        "context": {"view": {"page": [1], "filter": [2], "repeats": "many", "of": {"a": 1}}},
    },
    "context is deep": {"action": "view", "context": {"a": {"b": {"c": [[], {}, None, True, 1.5]}}, "": {"": ""}}},
    "erased": {"action": "erase"},
    "archived": {"action": "retain"},
    "member without anything": {"schema_name": "public", "table_name": "contact_groups", "after": {}},
    "member of odd things": {
        "schema_name": "public",
        "table_name": "contact_groups",
        "after": {"contact_id": {"x": [1]}, "group_id": [1], "added_at": True},
    },
    "key is an object": {**ROW, "after": {"id": {"a": 1}, "owner_id": [1, {}]}},
    "field that is not there": {
        **ROW,
        "action": "update",
        "before": {"a": 1},
        "after": {"a": 2},
        "changed_fields": ["nowhere", "a", "a", ""],
    },
    "field without a name": {
        **ROW,
        "action": "update",
        "before": {"a": 1},
        "after": {"a": 2},
        "changed_fields": [None, "a"],
    },
    "fields within fields": {
        **ROW,
        "action": "update",
        "before": {"a": 1},
        "after": {"a": 2},
        "changed_fields": [["a", "b"], ["c", "d"]],
    },
    "kind with a slash": {"entity": "a/b", "record_id": "c/d"},
    "kind without a name": {"entity": ""},
    "record without a number": {"record_id": "", "record_label": ""},
    "actor without a number": {"actor_id": "", "actor_name": ""},
    "long ago": {"occurred_at": "1900-01-01T00:00:00Z"},
}


def test_no_imported_event_breaks_a_page_or_the_export(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    broken: dict[str, int] = {}
    for name, event in ODD.items():
        (event_id,) = imported(db, event)
        login = address(login="postgres", from_=event.get("occurred_at", "2026-01-15")[:10], to="2026-01-15")
        for path in (login, f"{REPORT}/events/{event_id}"):
            status = browser.client.get(path).status_code
            if status != 200:
                broken[f"{name}: {path}"] = status
    assert broken == {}
    page = browser.get(address(to="2026-01-15"))
    assert len(event_ids(page)) == len(ODD)
    assert download(browser, address(to="2026-01-15"))


# -- hostile text --------------------------------------------------------------------------------

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "template": "{{ 7 * 7 }}{% raw %}",
    "entity": "&lt;b&gt; & &amp;",
    "very long": "Ada" * 60,
    "right to left": "עדה \u202e<b>evil",
    "emoji": "👩🏽‍💻🏳️‍🌈",
    "address": "javascript:alert(1)",
    "path": "../../x?y=1#z",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_only_text(db: Database, visitor: Visitor, name: str) -> None:
    texts = ["actor_id", "actor_name", "application", "request_id", "record_id", "record_label", "entity"]
    everywhere = dict.fromkeys([*texts, "schema_name", "table_name"], name)
    images: dict[str, Any] = {"before": {name: name, "b": 1}, "after": {name: {name: name}, "b": 2}}
    (changed,) = imported(db, {"action": "update", **everywhere, **images, "context": {name: {name: name}}})
    (exported,) = imported(
        db,
        {
            "action": "export",
            **dict.fromkeys(texts, name),
            "context": {"export": {"filter": {name: name}, "format": name, "reason": name}},
        },
    )
    browser = visitor("auditor")
    words = " ".join(name.split()).replace("\u202e", "⟨U+202E⟩")  # which would turn what comes after it
    html = browser.get(address(to="2026-01-15"))  # get() checks that nothing is inline and the page valid
    for event_id in (changed, exported):
        assert words in row_text(html, event_id)
        page = browser.get(f"{REPORT}/events/{event_id}")
        assert text_of(page).count(words) >= 3
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
    assert "<script>alert" not in html
    assert "<b>evil" not in html


def test_numbers_are_shown_digit_for_digit(db: Database, visitor: Visitor) -> None:
    long = "9" * 5_000
    fine = "0.00000012345678901234567890123456789"
    db.run("create table prices (id int primary key, amount numeric, details jsonb)")
    db.run("select audit.track('prices')")
    db.run('insert into prices values (1, 1.10, \'{"rate": 1.0, "list": [1.50, 2]}\')')
    db.run('update prices set amount = 1.100, details = \'{"rate": 1.00, "list": [1.500, 2]}\'')
    changed = db.value("select max(event_id) from audit.events")
    db.run(f'update prices set amount = {long}, details = \'{{"rate": {fine}, "whole": -{long}}}\'')
    odd = db.value("select max(event_id) from audit.events")
    browser = visitor("auditor")
    words = detail(browser, changed)
    assert "amount 1.10 1.100" in words
    assert "rate 1.0 1.00" in words
    assert '"amount": 1.10,' in words
    assert '"rate": 1.0' in words
    assert "1.10 → became 1.100" in row_text(browser.get(REPORT), changed)
    words = detail(browser, odd)
    assert words.count(long) >= 4, "as a field and as JSON, the column and the value within one"
    assert f'"rate": {fine}' in words
    rows = {row["event_id"]: row for row in rows_of(download(browser, address(entity="prices")))}
    assert f'"amount": {long}' in rows[str(odd)]["after"]


def test_an_erased_event_says_so_in_the_list_and_on_its_page(db: Database, visitor: Visitor) -> None:
    db.run("insert into contacts (id, first_name) values (42, 'Wilhelmina')")
    event_id = db.last()["event_id"]
    db.connect("admin").execute("select audit.request_erasure('contact', '42', 'letter 17')")
    db.run("select audit.approve_erasure(1)")
    browser = visitor("auditor")
    for words in (row_text(browser.get(REPORT), event_id), detail(browser, event_id)):
        assert "personal data erased on " in words
        assert " by request 1" in words
        assert "Wilhelmina" not in words
    words = text_of(browser.get(REPORT))
    assert "asked to erase contact" in words
    assert "erased contact" in words


def test_a_list_does_not_read_rows_of_hundreds_of_kilobytes(db: Database, visitor: Visitor) -> None:
    """Fifty of them would be a list that nobody sees."""
    db.run("insert into contacts (id, first_name, notes) values (1, 'Wilhelmina', repeat('long ', 30000))")
    db.run("update contacts set notes = notes || 'er', phone = '112' where id = 1")
    changed = db.last()["event_id"]
    browser = visitor("auditor")
    browser.get(REPORT)
    db.connect("web").execute("select audit.extend_search()")
    words = row_text(browser.get(REPORT), changed)
    assert "Wilhelmina" in words
    assert "too large for a list: see the details" in words
    assert "112" not in words
    assert '"phone": "112"' in detail(browser, changed)
