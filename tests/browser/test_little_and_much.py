"""A log of nothing, of one event, and of more than anybody counts: each looks as if it was meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import picture, sign_in, window
from tests.browser.test_for_everybody import DESK, SMALL, axe, hurdles
from tests.conftest import Database
from tests.web.reading import REPORT, flood
from webapp.exports import Export, File
from webapp.filters import Filters
from webapp.scopes import EVERYTHING
from webapp.web.recording import Visitor

pytestmark = pytest.mark.browser
__all__ = ["axe"]

#: Cells whose text reaches into the next one.
RUNNING_OVER = """() => [...document.querySelectorAll('td, th')].filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 120)).slice(0, 3)"""


@pytest.fixture
def limited(chromium: Browser, db: Database, site: str) -> Iterator[Page]:
    """Somebody who sees contacts alone: what they do themselves is no part of their log."""
    db.run("update users set categories = '{contacts}' where id = 2")
    with window(chromium, site, viewport=DESK) as page:
        sign_in(page)
        yield page


def test_nothing_one_event_and_more_than_ten_thousand(db: Database, limited: Page, axe: str) -> None:
    page, found = limited, dict[str, list[str]]()
    for events, list_says, charts_say in (
        (0, "Nothing has happened yet", "Nothing"),
        (1, "1 event, newest first", "1 event"),
        (10_001, "More than 10,000 events, newest first", "10,001 events"),
    ):
        if events:
            flood(db, events - int(db.value("select count(*) from audit.events where category = 'contacts'")))
        for path, says in ((f"{REPORT}?tz=UTC", list_says), (f"{REPORT}/activity?tz=UTC", charts_say)):
            page.goto(path)
            expect(page.get_by_role("main")).to_contain_text(says)
            found[f"{events}: {path}"] = [*hurdles(page, axe), *page.evaluate(RUNNING_OVER)]
            for size in (DESK, SMALL):
                page.set_viewport_size(size)
                picture(page, f"{says}, {size['width']} wide")
    for size in (DESK, SMALL):
        page.set_viewport_size(size)
        page.goto(f"{REPORT}?tz=UTC&times=exact")
        found[f"exact times, {size['width']} wide"] = page.evaluate(RUNNING_OVER)
        picture(page, f"exact times, {size['width']} wide")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_an_export_that_runs_is_followed_without_scripts(
    chromium: Browser, db: Database, app: Flask, site: str
) -> None:
    flood(db, 30)
    with window(chromium, site, java_script_enabled=False) as page:
        sign_in(page)
        mei = Visitor("2", "Mei Tanaka", {})
        export = Export(app.extensions["pool"], Filters(), EVERYTHING, mei, limit=1_000, file=File())
        try:
            page.goto(f"{REPORT}/exports")
            page.get_by_role("link", name="Follow it").click()
            expect(page.get_by_role("status")).to_contain_text("1 export running. This page looks again")
            expect(page.get_by_role("progressbar")).to_be_visible()
            picture(page, "an export that runs")
        finally:
            export.close()
        expect(page.get_by_text("broke off")).to_be_visible()  # without a click
        expect(page.get_by_role("status")).to_have_count(0)
