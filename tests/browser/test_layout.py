"""What a page looks like, as far as a machine can tell: nothing cut, nothing broken, nothing too small to hit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Shown, window
from tests.web.reading import REPORT, imported

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 780}
SMALL = {"width": 320, "height": 640}
DESK = {"width": 1280, "height": 900}

#: Choices of a list that its closed field would cut.
CUT = """select => {
  const pen = document.createElement('canvas').getContext('2d'), style = getComputedStyle(select);
  pen.font = style.font;
  const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 20;  // its arrow
  return [...select.options].map(o => o.text).filter(text => pen.measureText(text).width > room);
}"""

#: On how many lines a text is.
LINES = """e => { const range = document.createRange(); range.selectNodeContents(e);
  return new Set([...range.getClientRects()].filter(r => r.width > 1).map(r => Math.round(r.top))).size; }"""


@pytest.fixture(scope="module")
def event(shown: Shown) -> str:
    """Where a page has an event with a diff."""
    row = {"schema_name": "public", "table_name": "contacts", "record_id": "7", "record_label": "Ada"}
    images = {
        "before": {"phone": "+00 555 001818", "notes": "Moved to another department in summer.", "company": "Acme"},
        "after": {"phone": "+00 555 703303", "notes": "Wants invoices by post.", "company": "Acme"},
    }
    (number,) = imported(shown.db, {**row, "action": "update", "actor_id": "2", "actor_name": "Mei Tanaka", **images})
    return f"{REPORT}/events/{number}"


@pytest.fixture
def report(chromium: Browser, shown: Shown, event: str) -> Iterator[Page]:
    """Signed in, where there is an event to look at."""
    with window(chromium, shown.address, storage_state=shown.signed_in) as page:
        yield page


def box(page: Page, selector: str) -> dict[str, float]:
    found: Any = page.locator(selector).first.bounding_box()
    assert found, selector
    return found


@pytest.mark.parametrize("size", [PHONE, SMALL], ids=["390", "320"])
def test_a_diff_on_a_phone_is_stacked_and_labelled(report: Page, event: str, size: Any) -> None:
    report.set_viewport_size(size)
    report.goto(event)
    for name in ("notes", "phone"):
        assert report.locator(f"th :text-is('{name}')").evaluate(LINES) == 1, "no word is broken"
    before, after = report.locator("tr", has_text="phone").locator("td").all()
    for cell, label in ((before, "Before"), (after, "After")):
        assert cell.evaluate("e => getComputedStyle(e, '::before').content") == f'"{label}"'
    boxes: list[Any] = [cell.bounding_box() for cell in (before, after)]
    assert boxes[1]["y"] >= boxes[0]["y"] + boxes[0]["height"]
    report.locator("summary", has_text="stayed").click()
    expect(report.locator("tr.same th")).to_be_visible()


def test_on_a_desk_the_tables_of_a_diff_are_one(report: Page, event: str) -> None:
    report.set_viewport_size(DESK)
    report.goto(event)
    report.locator("summary", has_text="stayed").click()
    assert box(report, "tr.changed td")["x"] == box(report, "tr.same td")["x"] == box(report, ".facts dd")["x"]
    label = report.locator(".facts dt").first
    label.evaluate("e => e.textContent = 'Login that PostgreSQL authenticated'")
    assert label.evaluate(LINES) == 1


@pytest.mark.parametrize("size", [PHONE, SMALL], ids=["390", "320"])
def test_a_phone_shows_an_event_before_it_is_scrolled(report: Page, size: Any) -> None:
    report.set_viewport_size(size)
    report.goto(REPORT)
    expect(report.locator("#f-category")).not_to_be_visible()
    first = box(report, "tbody tr")
    assert first["y"] + 60 < size["height"], "when and who, at least"
    assert box(report, ".top")["height"] <= 90, "two rows"
    report.locator("summary", has_text="Filters").click()
    report.get_by_label("Category", exact=True).select_option("Contacts")
    report.get_by_role("button", name="Show").click()
    expect(report.get_by_role("link", name="Remove Category Contacts")).to_be_visible()


@pytest.fixture
def without_scripts(chromium: Browser, shown: Shown) -> Iterator[Page]:
    options = {"java_script_enabled": False, "viewport": PHONE, "storage_state": shown.signed_in}
    with window(chromium, shown.address, **options) as page:
        yield page


def test_the_fold_works_without_scripts(without_scripts: Page) -> None:
    without_scripts.goto(REPORT)
    without_scripts.locator("summary", has_text="Filters").click()
    expect(without_scripts.get_by_label("Category", exact=True)).to_be_visible()


@pytest.mark.parametrize("width", [1280, 1000, 800, 390, 320])
def test_no_choice_is_cut(report: Page, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 900})
    report.goto(f"{REPORT}?category=users")
    report.locator("summary", has_text="Filters").click()
    for name in ("category", "action"):
        assert report.locator(f"#f-{name}").evaluate(CUT) == [], name


def test_the_columns_stay_where_they_are(report: Page) -> None:
    report.set_viewport_size(DESK)

    def columns(path: str) -> list[float]:
        report.goto(path)
        boxes: list[Any] = [head.bounding_box() for head in report.locator("thead th").all()]
        return [head["x"] for head in boxes]

    assert columns(REPORT) == columns(f"{REPORT}?category=access") == columns(f"{REPORT}?category=contacts")
    link, cell = box(report, "td.open a"), box(report, "td.open")
    assert 0 <= (cell["x"] + cell["width"]) - (link["x"] + link["width"]) <= 16, "flush with the edge"


@pytest.mark.parametrize("size", [DESK, PHONE, SMALL], ids=["1280", "390", "320"])
def test_a_telephone_number_stays_on_one_line(report: Page, size: Any) -> None:
    report.set_viewport_size(size)
    report.goto(f"{REPORT}?category=contacts")
    for number in ("+00 555 001818", "+00 555 703303"):
        assert report.locator(f"text='{number}'").evaluate(LINES) == 1


def test_a_label_of_the_filters_is_no_record(report: Page) -> None:
    report.goto(REPORT)
    assert report.locator("#f-record").evaluate("e => getComputedStyle(e).fontWeight") == "400"


def test_the_values_of_the_health_page_are_labelled_on_a_phone(report: Page) -> None:
    report.set_viewport_size(SMALL)
    report.goto(f"{REPORT}/health")
    since, last = report.locator("tbody tr").first.locator("td.at").all()
    assert since.evaluate("e => getComputedStyle(e, '::before').content") == '"Recorded since"'
    assert last.evaluate("e => getComputedStyle(e, '::before').content") == '"Last event"'
    right: Any = since.evaluate(
        "e => e.querySelector('time').getBoundingClientRect().right <= e.getBoundingClientRect().right"
    )
    assert right, "inside its card"


def test_a_card_ends_as_it_begins(chromium: Browser, shown: Shown) -> None:
    with window(chromium, shown.address) as page:
        page.goto("/login")
        card, button = box(page, ".narrow"), box(page, "button")
        padding = float(page.locator(".narrow").evaluate("e => parseFloat(getComputedStyle(e).paddingBottom)"))
        assert abs(card["y"] + card["height"] - button["y"] - button["height"] - padding) <= 2
