"""Links from an event: to everything that happened to its record, and to everything its person did."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from urllib.parse import quote, quote_plus, unquote

from flask import Flask, url_for

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, address, event_ids, imported, link, many, text_of
from webapp import create_app
from webapp.config import Settings

Visitor = Callable[..., Browser]
KEYS = ["0", "a b/c", "https://example.org/a?b=c&d#e", '["a", 1]', "100%", "..", "ä😀", "+1", "a//b", "x" * 300]


def test_a_record_and_a_person_link_to_their_own_events(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    for key in KEYS:
        (own,) = imported(db, {"record_id": key, "actor_id": key[:200]})
        for page in (browser.get(address(category="contacts")), browser.get(f"{REPORT}/events/{own}")):
            row = page.partition(f'<tr id="event-{own}"')[2].partition("</tr>")[0] or page
            links = [unescape(found) for found in re.findall(r'href="([^"]+)"', row)]
            for kind in ("record", "actor"):
                (to_it,) = {found for found in links if f"/{kind}s/" in found}
                answer = browser.client.get(to_it, follow_redirects=True)
                assert answer.status_code == 200, to_it
                assert event_ids(answer.text) == [own], to_it


def test_no_address_says_who_somebody_is(db: Database, visitor: Visitor, app: Flask) -> None:
    """Whatever key a database has for people: it is behind a code, the same for everybody, that only this site reads."""
    browser, colleague = visitor("auditor"), visitor("admin")
    for who in ("ada@example.org", "Ada Lovelace", "+4930123456", "عدّة لوفليس", "~odd"):
        (own,) = imported(db, {"entity": "user", "record_id": who, "actor_id": who, "request_id": f"{who}@"})
        assert who not in unquote(url(app, "report.audit_log", login=who))
        actor = url(app, "report.actor", actor_id=who)
        record = url(app, "report.record", entity="user", record_id=who)
        both = url(app, "report.audit_log", actor=who, record=who)
        pages = (address(category="users"), f"{REPORT}/events/{own}", record, actor, both)
        for page in pages:
            answer = browser.client.get(page, follow_redirects=True)
            assert own in event_ids(answer.text) or "/events/" in page, page
            written = [*re.findall(r'(?:href|action|src)="([^"]+)"', answer.text), answer.request.path]
            written += answer.request.args.values()
            for found in written:
                assert not {who, quote(who), quote_plus(who), f"{who}@"} & {unquote(found), found}, (page, found)
                assert quote(who) not in found, (page, found)
        for page in (record, actor):
            assert event_ids(colleague.get(page)) == [own]
        moved = browser.client.get(f"{REPORT}/actors/{quote(who)}?tz=Asia/Tokyo")
        if who != "~odd":
            assert moved.status_code == 302
            assert moved.location == url(app, "report.actor", actor_id=who, tz="Asia/Tokyo")
    assert "Nothing is recorded of this person" in browser.get(f"{REPORT}/actors/~AAAAAAAAAAAAAAAAAAAAAAAA", 404)
    assert "another secret key" in text_of(browser.get(address(actor="~AAAAAAAAAAAAAAAAAAAAAAAA"), 400))


def url(app: Flask, endpoint: str, **values: str) -> str:
    with app.test_request_context():
        return url_for(endpoint, **values)


def test_the_smallest_pool_can_export(settings: Settings, people: object) -> None:
    app = create_app(replace(settings, pool_size=2))
    try:
        browser = Browser(app.test_client()).sign_in("mei@example.org")
        for _ in range(3):
            browser.post(f"{REPORT}/export", page="/reports/", status=200)
    finally:
        app.extensions["pool"].close()


# -- what links take along -----------------------------------------------------------------------


def links_of(html: str) -> list[str]:
    return [unescape(found) for found in re.findall(r'href="([^"]+)"', html)]


def test_every_link_keeps_the_zone(db: Database, visitor: Visitor) -> None:
    (event_id,) = imported(db, {"record_id": "7", "actor_id": "42"})
    browser = visitor("auditor")
    for path in (address(record="7", tz="Asia/Tokyo"), f"{REPORT}/events/{event_id}?tz=Asia/Tokyo"):
        links = [found for found in links_of(browser.get(path)) if found.startswith(REPORT)]
        paths = {found.partition("?")[0] for found in links}
        assert {path.split("/")[3] for path in paths if path.count("/") > 2} >= {"health"}
        for found in links:
            assert "tz=Asia/Tokyo" in found, found
            answer = browser.client.get(found, follow_redirects=True)
            assert answer.status_code == 200, found
            assert "JST" in answer.text or 'value="Asia/Tokyo"' in answer.text, found


def test_the_menu_carries_no_zone_that_nobody_chose(visitor: Visitor) -> None:
    menu = visitor("auditor").get(REPORT).partition("<nav")[2].partition("</nav>")[0]
    assert links_of(menu) == ["/reports/", f"{REPORT}/views/first", f"{REPORT}/health"]


def test_the_crumb_leads_back_to_the_same_filters_and_page(db: Database, visitor: Visitor) -> None:
    many(db, 60)
    browser = visitor("auditor")
    first = address(category="contacts", from_="2026-01-01", tz="Asia/Tokyo")
    second = link(browser.get(first), "next")
    assert second
    for page in (first, second):
        shown = event_ids(browser.get(page))
        (details,) = [found for found in links_of(browser.get(page)) if f"/events/{shown[0]}?" in found]
        (crumb,) = links_of(browser.get(details).partition('class="crumbs"')[2].partition("</p>")[0])
        assert crumb.endswith(f"#event-{shown[0]}")
        assert event_ids(browser.get(crumb)) == shown


def test_the_page_of_an_event_belongs_to_the_audit_log(visitor: Visitor) -> None:
    browser = visitor("auditor")
    assert f'href="{REPORT}/views/first" aria-current="page"' in browser.get(REPORT)
    assert f'href="{REPORT}/views/first" aria-current="true"' in browser.get(
        f"{REPORT}/events/{event_ids(browser.get(REPORT))[0]}"
    )


def test_exact_times_are_a_link_away_without_a_pointer_and_stay_for_as_long_as_wanted(
    db: Database, visitor: Visitor
) -> None:
    at = "2026-01-15T12:00:00.123456Z"
    ids = imported(db, *[{"record_id": "1", "occurred_at": at}] * 60)
    browser = visitor("auditor")
    page = browser.get(f"{REPORT}?tz=Europe/Berlin&category=contacts")
    plain, exact = "15 Jan 2026, 13:00:00 CET", "15 Jan 2026, 13:00:00.123456 CET"
    assert plain in text_of(page)
    assert f'title="{at}"' in page, "where the pointer rests"
    (way,) = [found for found in links_of(page) if "times=exact" in found]
    page = browser.get(way)
    assert exact in text_of(page)
    assert plain not in text_of(page)
    links = {found.partition("?")[0]: found for found in links_of(page) if "times=exact" in found}
    assert links.keys() >= {REPORT, f"{REPORT}/events/{ids[-1]}", f"{REPORT}/records/contact/1", f"{REPORT}/print"}
    for path in (f"{REPORT}/events/{ids[-1]}", f"{REPORT}/records/contact/1", f"{REPORT}/print"):
        assert exact in text_of(browser.get(links[path])), path
    older = link(page, "next")
    assert older
    assert "times=exact" in older
    (back,) = [found for found in links_of(page.partition("Exact times in")[2][:600]) if "times" not in found][:1]
    assert plain in text_of(browser.get(back))
    assert "write times=exact" in browser.get(f"{REPORT}?times=rough", 400)
