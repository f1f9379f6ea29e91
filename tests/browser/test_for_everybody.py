"""Every page of the report, for people who see, hear or move differently: axe finds nothing, the keyboard is enough."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect
from pyotp.totp import TOTP

from tests.browser.conftest import Shown, listening, picture, sign_in, window
from tests.clients.npm import npm_installed
from tests.conftest import PASSWORD, PEOPLE, settings_for
from tests.web.reading import REPORT, imported
from tests.web.test_permissions import ADDRESSES, EXPECTED
from webapp import create_app

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 900}
SMALL = {"width": 320, "height": 640}
#: WCAG 2.2, levels A and AA, and what axe thinks good besides.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: The same page on another screen can differ in these alone.
ON_ANOTHER_SCREEN = ["color-contrast", "target-size", "link-in-text-block"]

BARRIERS = """async ([tags, rules]) => (await axe.run(document, {
    resultTypes: ['violations'], runOnly: rules ? {type: 'rule', values: rules} : {type: 'tag', values: tags}
  })).violations.map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)"""

#: Tables that say neither what they are nor what their columns and rows are.
UNNAMED_TABLES = """all => all.filter(t => !t.caption || !t.caption.textContent.trim()
  || [...t.querySelectorAll('th')].some(th => !th.scope) || !t.tHead).map(t => t.outerHTML.slice(0, 120))"""

#: What makes the page scroll sideways: it reaches beyond the edge, and nothing around it scrolls in its place.
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')]
  .filter(e => { for (let up = e.parentElement; up; up = up.parentElement)
    if (getComputedStyle(up).overflowX !== 'visible') return false; return e.getBoundingClientRect().right > innerWidth + 1 })
  .map(e => e.outerHTML.slice(0, 90)).slice(0, 3)"""

PRESSED = "a, button, summary, input:not([type=hidden]), select"
#: Of that, whatever is less than 24 pixels wide or high, and is neither hidden, nor a word in a sentence, nor a bar whose link is in the table beside.
TOO_SMALL = """all => all.filter(e => e.checkVisibility() && !e.closest('.skip, .hidden, svg') && !e.closest('p:not(.crumbs):not(.field)'))
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([_, box]) => box.width < 24 || box.height < 24).map(([html, box]) => `${box.width}x${box.height} ${html}`)"""


@pytest.fixture(scope="module")
def axe() -> str:
    return (npm_installed(Path(__file__).parent) / "axe-core/axe.min.js").read_text()


def barriers(page: Page, axe: str, *, rules: list[str] | None = None) -> list[str]:
    page.evaluate(axe)
    return page.evaluate(BARRIERS, [RULES, rules])


def hurdles(page: Page, axe: str) -> Iterator[str]:
    """What is in somebody's way on the page at hand, on a desk and on the smallest phone, by day and by night."""
    page.set_viewport_size(DESK)
    yield from barriers(page, axe)
    yield from page.locator("table").evaluate_all(UNNAMED_TABLES)
    yield from (f"too small: {target}" for target in page.locator(PRESSED).evaluate_all(TOO_SMALL))
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(SMALL)
    yield from (f"dark, small: {found}" for found in barriers(page, axe, rules=ON_ANOTHER_SCREEN))
    yield from (f"too wide: {found}" for found in page.evaluate(TOO_WIDE))
    yield from (f"too small on a phone: {target}" for target in page.locator(PRESSED).evaluate_all(TOO_SMALL))
    page.emulate_media(color_scheme="light")


#: Names that a page must not stumble over.
NAMES = [
    "<script>alert(1)</script>",
    "عدّة لوفليس",
    "עדה לאבלייס",
    "👩🏽‍💻 Ada 🇯🇵",
    "W" * 200,
    "艾达·洛芙莱斯",
    "Line\nbreak",
]


@pytest.fixture(scope="module")
def filled(shown: Shown) -> dict[str, int]:
    """The site with a past: events of every kind by kind, and what is hard to show."""
    db = shown.db
    numbers: dict[str, int] = {}
    row = {"schema_name": "public", "table_name": "contacts", "record_id": "1", "record_label": "Ada", "actor_id": "1"}
    wide = {f"field_{n:03}": f"value {n}" for n in range(300)}
    text = " ".join(f"word{n}" for n in range(12_500))
    long = {"notes": text, "tags": {"list": list(range(50))}}
    for kind, event in {
        "change": row | {"action": "update", "before": {"phone": "1", "notes": "Old."}, "after": {"phone": "2", "notes": "New."}},
        "deletion": row | {"action": "delete", "before": {"id": 1, "notes": "Gone."}},
        "300 fields": row | {"record_id": "2", "action": "update", "before": wide, "after": wide | {"field_007": "x", "field_299": None}},
        "300 new fields": row | {"record_id": "3", "after": wide},
        "100 kB": row | {"record_id": "4", "action": "update", "before": long, "after": {**long, "notes": text + " end"}},
        "no spaces": row | {"record_id": "5", "after": {"notes": "x" * 100_000}},
        "export": {"action": "export", "entity": "contact", "actor_id": "1", "context": {"export": {"rows": 12, "format": "csv"}}},
        "denial": {"action": "denied", "actor_name": "Mei Tanaka", "context": {"denied": {"path": "/reports/audit-log"}}},
        "settings": {"action": "configure", "context": {"configure": {"did": "track", "table_name": "public.contacts"}}},
    }.items():  # fmt: skip
        (numbers[kind],) = imported(db, event)
    for number, name in enumerate(NAMES, 10):
        imported(db, row | {"record_id": str(number), "record_label": name, "actor_id": f"n{number}", "actor_name": name,
                            "action": "update", "before": {"name": "Ada"}, "after": {"name": name}})  # fmt: skip
    return numbers


def pages_of(numbers: dict[str, int]) -> Iterator[str]:
    """Every address that answers with a page, and the states that a page can be in."""
    for endpoint, (_, example) in ADDRESSES.items():
        if "GET" in EXPECTED[endpoint] and endpoint not in ("static", "health.healthz"):
            yield example
    yield from (f"{REPORT}/events/{numbers[kind]}" for kind in ("change", "deletion", "export", "denial", "settings"))
    yield from (f"{REPORT}?{query}" for query in ("category=contacts", "actor=none", "from=never"))
    yield from (f"{REPORT}/records/contact/{number}" for number in (1, 2, 14, "none"))
    yield from (f"{REPORT}/actors/n10", f"{REPORT}/actors/n14", f"{REPORT}?at=2025-01-01", "/nowhere")


def test_nothing_is_in_anybodys_way_on_any_page(
    chromium: Browser, shown: Shown, filled: dict[str, int], axe: str
) -> None:
    found: dict[str, list[str]] = {}

    def look(page: Page, name: str) -> None:
        if wrong := list(hurdles(page, axe)):
            found[name] = wrong

    with window(chromium, shown.address) as page:
        for path in ("/login", "/choose-password?token=none", "/reports/audit-log", "/nowhere"):
            page.goto(path)
            look(page, f"signed out: {path}")
        page.get_by_role("button", name="Sign in").click()
        look(page, "a form with mistakes")
        sign_in(page, "plain")
        for path in ("/reports/", REPORT):
            page.goto(path)
            look(page, f"without the permission: {path}")
    with window(chromium, shown.address) as page:
        sign_in(page, "admin")
        for path in dict.fromkeys(pages_of(filled)):
            page.goto(path)
            unfold(page)
            look(page, path)
    assert not found, json.dumps(found, indent=1)


@pytest.fixture
def strict(shown: Shown) -> Iterator[str]:
    """The same site, where everybody needs an authenticator app, and nobody waits long for the database."""
    app = create_app(replace(settings_for(shown.db), totp_required="everybody", lock_timeout=100))
    with listening(app) as address:
        yield address
    app.extensions["pool"].close()


def test_nothing_is_in_anybodys_way_of_an_authenticator_app_or_while_the_database_is_busy(
    chromium: Browser, shown: Shown, strict: str, axe: str
) -> None:
    found: dict[str, list[str]] = {}

    def look(page: Page, heading: str) -> None:
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        if wrong := list(hurdles(page, axe)):
            found[heading] = wrong

    def give_password(page: Page) -> None:
        page.goto("/login")
        page.get_by_label("E-mail address").fill(PEOPLE["plain"][2])
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")

    with window(chromium, strict) as page:
        give_password(page)
        look(page, "Set up an authenticator app")
        secret = (page.locator("code.secret").text_content() or "").replace(" ", "")
        page.get_by_role("textbox", name="Code").fill(TOTP(secret).at(time.time() - 30))
        page.keyboard.press("Enter")
        look(page, "Your recovery codes")
        page.goto(f"{shown.address}/account/authenticator/remove")  # where nobody needs one
        look(page, "Remove the authenticator app")
        page.goto(strict)
        page.get_by_role("button", name="Sign out").click()
        give_password(page)
        look(page, "Enter your code")
        page.get_by_role("textbox", name="Code").fill("000000")
        page.keyboard.press("Enter")
        look(page, "Enter your code")
    with (
        window(chromium, strict, storage_state=shown.signed_in) as page,
        psycopg.connect(shown.db.url) as busy,
    ):
        busy.execute("lock table audit.log in access exclusive mode")
        page.goto(REPORT)
        look(page, "Too many people at once")
    shown.db.run("delete from audit.totp")  # others sign in without
    assert not found, json.dumps(found, indent=1)


def unfold(page: Page, which: str = "main details") -> None:
    page.locator(which).evaluate_all("all => all.forEach(details => details.open = true)")


@pytest.fixture
def reader(chromium: Browser, shown: Shown, filled: dict[str, int]) -> Iterator[Page]:
    """Signed in, where there is something to look at."""
    with window(chromium, shown.address, storage_state=shown.signed_in, viewport=DESK) as page:
        yield page


def test_what_is_hard_to_show_stays_within_the_page(reader: Page, filled: dict[str, int]) -> None:
    """300 fields, 100 kB with and without spaces, and names as people and attackers write them."""
    for kind, number in filled.items():
        reader.goto(f"{REPORT}/events/{number}")
        unfold(reader)
        for size in (DESK, SMALL):
            reader.set_viewport_size(size)
            assert reader.evaluate(TOO_WIDE) == [], kind
            if kind in ("change", "300 fields", "100 kB", "no spaces"):
                picture(reader, f"{kind}, {size['width']} wide")
    reader.goto(f"{REPORT}/events/{filled['300 fields']}")
    expect(reader.locator("tr.changed, tr.removed")).to_have_count(2)
    expect(reader.locator("tr.same")).to_have_count(298)
    reader.goto(f"{REPORT}/events/{filled['100 kB']}")
    assert len(reader.locator("tr.changed").inner_text()) < 5_000, "what is the same on both sides is left out"
    reader.goto(f"{REPORT}?entity=contact")
    for size in (DESK, SMALL):
        reader.set_viewport_size(size)
        assert reader.evaluate(TOO_WIDE) == []
        picture(reader, f"names, {size['width']} wide")
        for number, name in enumerate(NAMES, 10):
            # innerText is what is seen: a name in another direction turns nothing around it.
            row = reader.locator("tbody tr", has=reader.locator(f"a[href*='/actors/n{number}']"))
            expect(row.locator(".what")).to_contain_text("changed contact " + name.replace("\n", " "))


#: The element that has the focus, and whether anybody would see that.
FOCUSED = """() => { const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (e === document.body) return null;
  const at = document.elementFromPoint(box.left + Math.min(box.width, 12) / 2, box.top + box.height / 2);
  const label = (e.getAttribute('aria-label') || e.innerText || e.name || e.id || '').trim().slice(0, 40);
  e.dataset.reached = 'yes';
  return {label, ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 || e.type === 'date',
          seen: !!at && (e.contains(at) || at.contains(e)) || e.type === 'date'} }"""
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]')]
  .filter(e => e.checkVisibility({contentVisibilityAuto: true}) && e.tabIndex >= 0 && !e.dataset.reached)
  .map(e => e.outerHTML.slice(0, 120))"""


def test_the_keyboard_reaches_everything_and_shows_where_it_is(reader: Page, filled: dict[str, int]) -> None:
    for path in (f"{REPORT}?actor=n10", f"{REPORT}/events/{filled['change']}", f"{REPORT}/records/contact/10",
                 f"{REPORT}/actors/n10", f"{REPORT}/views", "/account", "/sessions"):  # fmt: skip
        reader.goto(path)
        unfold(reader, "main details:not(.menu)")  # an open menu lies above other things
        for _ in range(300):
            reader.keyboard.press("Tab")
            focused = reader.evaluate(FOCUSED)
            if focused is None:
                break
            assert focused["ring"], f"{path}: nobody sees that {focused['label']!r} has the focus"
            assert focused["seen"], f"{path}: {focused['label']!r} has the focus behind something else"
        assert reader.evaluate(REACHABLE) == [], f"{path}: out of reach of the Tab key"


def test_the_keyboard_skips_to_the_content_and_opens_a_menu(reader: Page) -> None:
    reader.goto(REPORT)
    reader.keyboard.press("Tab")
    expect(reader.get_by_role("link", name="Skip to content")).to_be_in_viewport()
    reader.keyboard.press("Enter")
    assert reader.evaluate("document.activeElement.id") == "main"
    reader.keyboard.press("Tab")
    assert reader.evaluate("document.querySelector('main').contains(document.activeElement)")
    reader.locator("summary", has_text="Export").focus()
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("button", name="CSV")).to_be_visible()
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("button", name="CSV")).not_to_be_visible()


def test_what_is_printed_is_the_report_without_its_tools(reader: Page, filled: dict[str, int]) -> None:
    reader.emulate_media(media="print", color_scheme="dark")
    for path in (REPORT, f"{REPORT}/events/{filled['change']}"):
        reader.goto(path)
        assert reader.locator("header.top, .narrowing, .menu, .pager").evaluate_all(
            "all => all.filter(e => e.checkVisibility()).map(e => e.outerHTML.slice(0, 90))"
        ) == [], path  # fmt: skip
        ink, paper = reader.evaluate(
            "() => [getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
        )
        assert (brightness(ink) < 80, brightness(paper)) == (True, 255), "dark on white, whatever the screen shows"
    expect(reader.locator("h1")).to_be_visible()


def brightness(colour: str) -> float:
    red, green, blue = (float(part) for part in re.findall(r"[\d.]+", colour)[:3])
    return (red + green + blue) / 3


def test_who_wants_no_motion_gets_none(reader: Page) -> None:
    reader.emulate_media(reduced_motion="reduce")
    reader.goto(REPORT)
    moving = "all => all.filter(e => { const s = getComputedStyle(e); return parseFloat(s.animationDuration) > 0.01 && "
    moving += "s.animationName !== 'none' || parseFloat(s.transitionDuration) > 0.01 || s.scrollBehavior === 'smooth' }).length"
    assert reader.locator("*").evaluate_all(moving) == 0
