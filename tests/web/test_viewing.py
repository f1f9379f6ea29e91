"""Whoever reads the log leaves a trace in it: one for each view, whichever page it is read on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from tests.conftest import Browser, Database, csrf_token
from tests.web.reading import REPORT, address, imported, link, many, newest
from tests.web.test_permissions import ADDRESSES
from webapp.permissions import PUBLIC, ROUTES, SIGNED_IN

Visitor = Callable[..., Browser]


def views(db: Database) -> list[dict[str, Any]]:
    """What is on record about views, in their order."""
    return [event["context"]["view"] for event in db.events("action = 'view'")]


def test_no_address_gives_anything_of_the_log_without_an_event(db: Database, visitor: Visitor) -> None:
    db.run("insert into user_permissions values (1, 'audit.erase')")
    browser = visitor("admin")
    token = csrf_token(browser.client.get("/reports/").text)
    closed = [endpoint for endpoint in ADDRESSES if ROUTES[endpoint] not in (PUBLIC, SIGNED_IN)]
    given: set[str] = set()
    for endpoint in closed:
        for method in ("GET", "HEAD", "POST"):
            before = len(db.events("action in ('view', 'export')"))
            agent = {"User-Agent": f"{method} {endpoint}", "X-CSRFToken": token}  # nothing folds
            answer = browser.client.open(ADDRESSES[endpoint][1], method=method, headers=agent, follow_redirects=True)
            answer.close()
            if answer.status_code == 200:
                assert len(db.events("action in ('view', 'export')")) > before, f"{method} {endpoint}"
                given.add(endpoint)
    nothing = {
        "saved.rename",
        "saved.delete",
        "exports.about",
        "exports.go_on",
        "proofs.proof_file",
        "proofs.growth",
        *("erasing.request_page", "erasing.approve", "erasing.withdraw"),
    }  # of a number that there is not
    assert given == set(closed) - nothing


def test_a_view_says_who_looked_at_what(db: Database, visitor: Visitor) -> None:
    (seen,) = imported(db, {"record_label": "Ada Lovelace", "actor_name": "ada@example.org"})
    browser = visitor("auditor")
    browser.get(address(category="contacts", record="1"))
    browser.get(f"{REPORT}/events/{seen}?category=contacts")
    browser.get(f"{REPORT}/records/contact/1")
    browser.get(f"{REPORT}/actors/2")
    browser.get(f"{REPORT}/health")
    assert views(db) == [
        {"page": "audit_log", "filter": {"category": "contacts", "record": "1", "tz": "UTC"}},
        {"page": "event", "event_id": seen, "filter": {"category": "contacts", "tz": "UTC"}},
        {"page": "record", "entity": "contact", "record_id": "1", "filter": {"tz": "UTC"}},
        {"page": "actor", "actor_id": "2", "filter": {"tz": "UTC"}},
        {"page": "health", "filter": {"tz": "UTC"}},
    ]
    for event in db.events("action = 'view'"):
        assert (event["actor_id"], event["actor_name"], event["entity"]) == ("2", "Mei Tanaka", "report")
        assert event["context"]["ip"] == "127.0.0.1"
        assert "Lovelace" not in str(event)
        assert "ada@example.org" not in str(event)


def test_the_same_view_again_and_its_other_pages_fold_into_one_event(db: Database, visitor: Visitor) -> None:
    many(db, 120)
    browser, page = visitor("auditor"), address(category="contacts")
    for _ in range(3):
        older = link(browser.get(page), "next")
        assert older
        browser.get(older)
    assert len(views(db)) == 1
    browser.get(address(category="groups"))
    assert len(views(db)) == 2
    browser.client.get(page, headers={"User-Agent": "another browser"})
    assert len(views(db)) == 3
    visitor("admin").get(page)
    assert len(views(db)) == 4


def test_after_half_an_hour_the_same_view_is_an_event_again_and_says_how_many_folded(
    db: Database, visitor: Visitor
) -> None:
    browser, page = visitor("auditor"), address(category="contacts")
    for _ in range(4):
        browser.get(page)
    for minutes, events in {29: 1, 2: 2}.items():
        db.run("update audit.recent_views set since = since - %s * interval '1 minute'", minutes)
        browser.get(page)
        assert len(views(db)) == events
    assert views(db)[-1]["repeats"] == 4
    watching = address(category="access", actor="2")
    assert "Mei Tanaka login web viewed the audit log only category contacts · 4 more views since" in newest(
        visitor("admin"), watching
    )


def test_views_of_yesterday_are_no_longer_kept_for_folding(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    for category in ("contacts", "groups", "users"):
        browser.get(address(category=category))
    db.run("update audit.recent_views set since = since - interval '25 hours'")
    browser.get(address(category="exports"))
    assert db.value("select count(*) from audit.recent_views") == 1


def test_a_page_that_shows_nothing_of_the_log_is_no_view(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    browser.get(f"{REPORT}/events/9999999", status=404)
    browser.get(address(from_="never"), status=400)
    browser.get("/reports/")
    browser.client.get("/static/icon.svg").close()
    visitor("plain").get(REPORT, status=403)
    assert views(db) == []


def test_nothing_is_shown_when_the_view_cannot_be_put_on_record(db: Database, visitor: Visitor, app: Flask) -> None:
    (seen,) = imported(db, {"record_label": "Ada Lovelace"})
    browser = visitor("auditor")
    db.run("revoke execute on function audit.record_view from audit_web")
    for page in (REPORT, f"{REPORT}/events/{seen}", f"{REPORT}/health"):
        assert "Lovelace" not in browser.get(page, status=500)
