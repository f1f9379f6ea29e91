"""Links from an event: to everything that happened to its record, and to everything its person did."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, address, event_ids, imported
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


@pytest.mark.parametrize("kind", ["records/contact/7", "actors/42"])
def test_the_addresses_of_a_record_and_of_a_person_are_the_report_narrowed(visitor: Visitor, kind: str) -> None:
    response = visitor("auditor").client.get(f"{REPORT}/{kind}")
    narrowed = {"records/contact/7": address(entity="contact", record="7"), "actors/42": address(actor="42")}
    assert (response.status_code, response.location) == (302, narrowed[kind])


def test_the_smallest_pool_can_export(settings: Settings, people: object) -> None:
    app = create_app(replace(settings, pool_size=2))
    try:
        browser = Browser(app.test_client()).sign_in("mei@example.org")
        for _ in range(3):
            browser.post(f"{REPORT}/export", page="/reports/", status=200)
    finally:
        app.extensions["pool"].close()
