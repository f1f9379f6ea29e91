"""The page of one person: what they did, and what was done to them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, event_ids, imported, text_of

Visitor = Callable[..., Browser]
OSKAR = f"{REPORT}/actors/3"


def act(db: Database, actor: str, name: str, *statements: str) -> None:
    app = db.connect("app", application_name="crm")
    with app.transaction():
        app.execute("select audit.set_actor(%s, %s, null, %s)", (actor, name, '{"ip": "203.0.113.7"}'))
        for statement in statements:
            app.execute(statement.encode())


def test_a_person_is_shown_with_what_they_did_and_from_where(db: Database, visitor: Visitor) -> None:
    act(db, "3", "Oskar Lind", "insert into contacts (id, first_name) select n, 'C' || n from generate_series(1, 12) n")
    act(db, "3", "Oskar Lind", "update contacts set phone = '1' where id = 1", "delete from contacts where id > 1")
    imported(db, {"action": "export", "actor_id": "3", "occurred_at": "2020-01-01T00:00:00Z", "context": {}})
    browser = visitor("auditor")
    html = browser.get(OSKAR)
    words = text_of(html)
    assert "<title>Oskar Lind · Audit Log Report</title>" in html
    assert "First seen 1 Jan 2020, 00:00:00 UTC" in words
    assert "24 events. Days" in words
    assert "No export in these days." in words
    assert "11 contacts at once" in words
    assert "203.0.113.7 crm app 24" in words
    assert "Created or added Contacts 12 Deleted or removed Contacts 11 Changed Contacts 1" in words
    assert len(event_ids(html)) == 10
    at_once = re.search(r'class="at" href="([^"]+transaction=[^"]+)"', html)
    assert at_once
    assert len(event_ids(browser.get(unescape(at_once[1])))) == 11
    then = text_of(browser.get(f"{OSKAR}?from=2020-01-01&to=2020-01-31"))
    assert "exported contact records" in then
    assert "Never 10 records or more in one transaction." in then
    assert "Nothing in these days" in browser.get(f"{OSKAR}?from=2019-01-01&to=2019-01-31")


def test_a_person_is_shown_with_what_they_became_and_by_whom(db: Database, visitor: Visitor) -> None:
    act(
        db,
        "1",
        "Alex Morgan",
        "update users set role = 'administrator', name = 'Oskar Berg' where id = 3",
        "insert into user_permissions values (3, 'audit.erase')",
        "update users set active = false where id = 3",
        "update users set name = 'Oskar Holm' where id = 3",
    )
    db.run("delete from user_permissions where user_id = 3")
    browser = visitor("auditor")
    words = text_of(browser.get(OSKAR))
    for said in (
        "lost the permission audit.erase by postgres login, no person named",
        "was disabled by Alex Morgan",
        "was given the permission audit.erase by Alex Morgan",
        "became administrator (was member) by Alex Morgan",
        "was created as member by postgres",
    ):
        assert said in words, said
    assert words.index("lost the permission") < words.index("became administrator")
    assert "Nothing they did is recorded." in words
    assert f'href="{REPORT}/records/user/3?tz=UTC"' in browser.get(OSKAR)


def test_a_person_of_whom_nothing_is_known_is_a_page_that_says_so(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    for actor in ("nobody", "%00", "a/b", "x" * 2001):
        assert "Nothing is recorded of this person" in browser.get(f"{REPORT}/actors/{actor}", 404)
    assert "Nothing they did is recorded." in text_of(browser.get(OSKAR))
    db.run("update users set categories = '{contacts}' where id = 2")
    assert "Your account is limited to Contacts" in browser.get(OSKAR, 404)
