"""The page of one event."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, ROW, address, detail, imported, row_text, text_of

Visitor = Callable[..., Browser]


def test_an_event_shows_what_changed_and_folds_what_did_not(db: Database, visitor: Visitor) -> None:
    app = db.connect("app", application_name="crm")
    app.execute("insert into contacts (id, first_name, phone, tags) values (7, 'Ada', '1', '{a}')")
    with app.transaction():
        app.execute("""select audit.set_actor('2', 'Mei Tanaka', 'req-1', '{"ip": "203.0.113.7"}')""")
        app.execute("update contacts set phone = '2', tags = '{a,b}', email = 'ada@example.org'")
    words = detail(visitor("auditor"), db.events("action = 'update'")[-1]["event_id"])
    assert "Mei Tanaka changed contact Ada" in words
    assert "What changed" in words
    assert "phone 1 2" in words
    assert "tags a a, b" in words
    assert "email empty ada@example.org" in words
    assert "9 fields that stayed as they were" in words
    assert "Mei Tanaka (2) a claim of the application" in words
    assert "Request req-1" in words
    assert "IP address 203.0.113.7" in words
    assert "Application crm" in words


def test_a_changed_password_is_said_to_have_changed_and_nothing_more(db: Database, visitor: Visitor) -> None:
    db.run("update users set password_hash = 'fourty-two' where id = 3")
    event_id = db.last()["event_id"]
    browser = visitor("auditor")
    html = browser.get(f"{REPORT}/events/{event_id}")
    assert "password hash Changed. The value is never stored." in text_of(html)
    assert "fourty-two" not in html
    assert "argon2" not in html
    assert "password hash changed, the value is never stored" in row_text(
        browser.get(address(entity="user", action="update")), event_id
    )


def test_a_created_user_has_a_hidden_password(db: Database, visitor: Visitor) -> None:
    event_id = db.events("entity = 'user' and action = 'insert'")[-1]["event_id"]
    words = detail(visitor("auditor"), event_id)
    assert "What was added" in words
    assert "password hash hidden" in words


def test_a_deletion_shows_what_was_removed(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("insert into contacts (id, first_name) values (7, 'Ada')")
    db.run("delete from contacts")
    words = detail(browser, db.last()["event_id"])
    assert "What was removed" in words
    assert "first name Ada" in words


def test_an_unknown_event_is_a_page_that_says_so(visitor: Visitor) -> None:
    assert "There is no such page or event" in text_of(visitor("auditor").get(f"{REPORT}/events/987654321", 404))


def test_an_event_without_a_person_says_that_nobody_was_named(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.connect("app").execute("insert into contacts (first_name) values ('Ada')")
    words = detail(browser, db.last()["event_id"])
    assert "app created contact Ada" in words
    assert "Person named by the application nobody was named" in words
    assert "Login that PostgreSQL authenticated app" in words


def test_an_imported_event_is_marked_as_one(db: Database, visitor: Visitor) -> None:
    (event_id,) = imported(db, ROW)
    browser = visitor("auditor")
    assert "imported" in row_text(browser.get(address(record="7")), event_id)
    assert "from another system: not captured here" in detail(browser, event_id)


# -- its values ----------------------------------------------------------------------------------

UPDATE: dict[str, Any] = {**ROW, "action": "update", "changed_fields": ["a"]}


def changed(db: Database, browser: Browser, before: object, after: object, zone: str = "UTC") -> tuple[str, str]:
    """A changed field, as a person reads it on the page of the event and in the list."""
    (event_id,) = imported(db, {**UPDATE, "before": {"a": before}, "after": {"a": after}})
    page = text_of(browser.get(f"{REPORT}/events/{event_id}?tz={zone}"))
    return page, row_text(browser.get(address(to="2026-01-15", tz=zone)), event_id)


def test_timestamps_are_moments_of_the_chosen_zone(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    for words in changed(db, browser, "2026-01-15T12:00:00+00:00", "2026-07-15T12:00:00.25Z", "Europe/Berlin"):
        assert "15 Jan 2026, 13:00:00 CET" in words
        assert "15 Jul 2026, 14:00:00 CEST" in words
    page, _ = changed(db, browser, "2026-01-15T12:00:00", "2026-01-15")
    assert "15 Jan 2026, 12:00:00 (no zone) 2026-01-15" in page.replace("(no zone)2026", "(no zone) 2026")


def test_moments_that_read_the_same_are_shown_exactly(db: Database, visitor: Visitor) -> None:
    for words in changed(db, visitor("auditor"), "2026-01-15T12:00:00.1Z", "2026-01-15T12:00:00.2Z"):
        assert "2026-01-15T12:00:00.1Z" in words
        assert "2026-01-15T12:00:00.2Z" in words


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-13-45T99:00:00Z"])
def test_a_timestamp_out_of_reach_stays_as_it_is(db: Database, visitor: Visitor, text: str) -> None:
    assert text in changed(db, visitor("auditor"), None, text, "Asia/Tokyo")[0]


def test_json_is_readable(db: Database, visitor: Visitor) -> None:
    page, row = changed(db, visitor("auditor"), {}, {"city": "Köln", "since": "2026-01-15T12:00:00Z", "zip": [1, "b"]})
    assert "no entries → became zip: 1, b; city: Köln; since: 15 Jan 2026, 12:00:00 UTC" in row
    assert "zip: 1, b city: Köln since: 15 Jan 2026, 12:00:00 UTC" in page
    page, row = changed(db, visitor("auditor"), "", [])
    assert "empty text → became no entries" in row


def test_a_very_large_value_is_shown_by_its_size_and_hash(db: Database, visitor: Visitor) -> None:
    digests = ["ab12" * 16, "cd34" * 16]
    sizes = [12_345_678, 950]
    stands_for = [{"$size": size, "$sha256": digest} for size, digest in zip(sizes, digests, strict=True)]
    page, row = changed(db, visitor("auditor"), *stands_for)
    assert "12.3 MB, SHA-256 ab12ab12… → became 950 bytes, SHA-256 cd34cd34…" in row
    for digest in digests:
        assert f"SHA-256 {digest}" in page
        assert digest not in row


def test_a_very_large_value_of_a_row_is_shown_so_too(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("insert into contacts (id, first_name, notes) values (7, 'Ada', repeat('x', 2500000))")
    digest = hashlib.sha256(b"x" * 2_500_000).hexdigest()
    assert f"notes 2.5 MB, SHA-256 {digest}" in detail(browser, db.last()["event_id"])


def test_json_is_in_its_own_characters(db: Database, visitor: Visitor) -> None:
    (event_id,) = imported(db, {**ROW, "after": {"name": "Müller 😀 <script>alert('1')</script> & \\u0041"}})
    page = visitor("auditor").get(f"{REPORT}/events/{event_id}").partition("As JSON")[2]
    quoted = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; \\\\u0041"
    assert f"Müller 😀 {quoted}" in page
    assert "<script>" not in page


# -- its tables ----------------------------------------------------------------------------------


def test_an_event_with_one_row_has_one_column_of_values(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    (inserted, found) = imported(db, {**ROW, "after": {"a": "1"}}, {**ROW, "action": "baseline", "after": {"a": "1"}})
    (deleted,) = imported(db, {**ROW, "action": "delete", "after": None, "before": {"a": "1"}})
    for event_id, heading in {inserted: "What was added", found: "What was there", deleted: "What was removed"}.items():
        page = browser.get(f"{REPORT}/events/{event_id}")
        assert f"{heading} Fields and their values FieldValue a 1" in text_of(page).replace("Field Value", "FieldValue")
        assert 'data-label="' not in page


def test_before_and_after_are_labelled_where_the_columns_are_stacked(db: Database, visitor: Visitor) -> None:
    (event_id,) = imported(db, {**UPDATE, "before": {"a": 1}, "after": {"a": 2}})
    page = visitor("auditor").get(f"{REPORT}/events/{event_id}")
    assert page.count('data-label="Before"') == page.count('data-label="After"') == 1


def test_one_field_is_one_field(db: Database, visitor: Visitor) -> None:
    (event_id,) = imported(db, {**UPDATE, "before": {"a": 1, "b": 1}, "after": {"a": 2, "b": 1}})
    assert "1 field that stayed as it was" in detail(visitor("auditor"), event_id)
