"""The whole path in a real browser, as a first-time administrator takes it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_in
from tests.conftest import PASSWORD, PEOPLE, Database

pytestmark = pytest.mark.browser


def ids(page: Page) -> list[str]:
    return [row.removeprefix("event-") for row in page.locator("tbody tr").evaluate_all("rows => rows.map(r => r.id)")]


def test_from_sign_in_to_the_exported_file(db: Database, page: Page, tmp_path: Path) -> None:
    app = db.connect()
    app.execute("insert into contacts (id, first_name, last_name, phone) values (7, 'Ada', 'Lovelace', '1')")
    with app.transaction():
        app.execute("select audit.set_actor('2', 'Mei Tanaka')")
        app.execute("update contacts set phone = '2' where id = 7")
    app.execute("insert into groups (name) values ('Press')")

    sign_in(page)
    page.get_by_role("navigation").get_by_role("link", name="Audit Log").click()
    page.locator("summary", has_text="Filters").click()
    page.get_by_label("Category", exact=True).select_option("Contacts")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    shown = ids(page)

    page.get_by_role("link", name="Details").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mei Tanaka changed contact Ada Lovelace")
    cells = page.get_by_role("table").get_by_role("row").nth(1).get_by_role("cell")
    assert cells.all_inner_texts() == ["1", "2"]
    page.go_back()

    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    with file.open(newline="", encoding="utf-8") as text:
        assert [row["event_id"] for row in csv.DictReader(text)] == shown
    exported = db.events("action = 'export'")
    assert [event["actor_name"] for event in exported] == ["Mei Tanaka", "Mei Tanaka"]


def test_a_change_by_anybody_is_there_after_one_reload(db: Database, page: Page) -> None:
    sign_in(page)
    page.goto("/reports/audit-log")
    db.connect(application_name="psql").execute("insert into contacts (first_name) values ('Grace')")
    page.reload()
    first = page.locator("tbody tr").first
    expect(first).to_contain_text("created contact Grace")
    expect(first).to_contain_text("app")
    expect(first).to_contain_text("no person named")


def test_the_keyboard_alone_signs_in_filters_reads_and_exports(db: Database, page: Page) -> None:
    with db.connect("app", autocommit=False) as app:
        app.execute("insert into contacts (id, first_name) values (7, 'Ada'), (8, 'Grace')")
    page.goto("/login")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(PEOPLE["auditor"][2])
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
    tab_to(page, "Audit Log")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit Log")
    tab_to(page, "Filters")
    page.keyboard.press("Enter")
    tab_to(page, "Category")
    page.keyboard.type("Contacts")
    tab_to(page, "Show")
    page.keyboard.press("Enter")
    page.wait_for_url("**category=contacts**")
    expect(page.locator("tbody tr")).to_have_count(1)
    tab_to(page, "2 events")
    page.keyboard.press("Enter")
    tab_to(page, r"Details of event \d+")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("app created contact")
    tab_to(page, "Audit Log", within="main")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit Log")
    tab_to(page, "Export")
    page.keyboard.press("Enter")
    tab_to(page, "Download CSV")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    with download.value.path().open(newline="", encoding="utf-8") as text:
        assert [row["record_label"] for row in csv.DictReader(text)] == ["Grace", "Ada"]


#: What has the focus, in the words that a screen reader would say.
FOCUSED = """within => { const e = document.activeElement; if (!e.closest(within)) return '';
  return (e.labels && e.labels.length ? e.labels[0].textContent : e.textContent).trim().replace(/\\s+/g, ' ') }"""


def tab_to(page: Page, name: str, within: str = "body") -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if re.fullmatch(name, page.evaluate(FOCUSED, within)):
            return
    raise AssertionError(f"the Tab key does not reach {name!r} on {page.url}")


def test_somebody_without_the_permission_is_told_whom_to_ask(page: Page) -> None:
    sign_in(page, "plain")
    expect(page.get_by_role("navigation").get_by_role("link", name="Audit Log")).to_have_count(0)
    page.goto("/reports/audit-log")
    expect(page.locator("main")).to_contain_text("ask your administrator: Alex Morgan")


def test_an_export_after_a_while_takes_the_password_and_goes_on_from_there(db: Database, page: Page) -> None:
    sign_in(page)
    page.goto("/reports/audit-log?category=access")
    db.run("update audit.web_sessions set authenticated_at = authenticated_at - interval '1 hour'")
    page.locator("summary", has_text="Export").click()
    page.get_by_label("Mark as UTF-8").check()
    page.get_by_role("button", name="Download CSV").click()
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.path().read_bytes().startswith(b"\xef\xbb\xbf"), "as it was chosen at first"
    page.get_by_role("link", name="Go back").click()
    expect(page).to_have_url(re.compile(r"/reports/audit-log\?category=access$"))


def test_a_button_of_a_page_whose_session_has_ended_leads_back_to_it(db: Database, page: Page) -> None:
    sign_in(page)
    page.goto("/reports/audit-log?category=access")
    db.run("select audit.end_sessions_of()")
    page.locator("summary", has_text="Export").click()
    page.get_by_role("button", name="Download CSV").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Please sign in")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(PEOPLE["auditor"][2])
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/reports/audit-log\?category=access$"))


def test_a_search_is_saved_and_sent_to_a_colleague_in_a_few_steps(db: Database, page: Page) -> None:
    with db.connect("app", autocommit=False) as app:
        app.execute("select audit.set_actor('42', 'Ada Byron')")
        app.execute("insert into contacts (first_name) values ('Grace'), ('Edsger')")
        app.execute("delete from contacts where first_name = 'Grace'")
    page.set_viewport_size({"width": 360, "height": 800})
    sign_in(page)
    page.goto("/reports/audit-log")
    page.get_by_label("Words or filters").fill("grace action:delete")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "grace" not in page.url
    page.locator("summary", has_text="Views").click()
    name = page.get_by_label("Save these filters as")
    expect(name).to_be_in_viewport(ratio=1)
    name.fill("Who deleted Grace")
    page.get_by_role("button", name="Save view").click()
    page.locator("summary", has_text="Views").click()
    page.get_by_role("link", name="Share, rename or delete views").click()
    link = page.get_by_label("Link to send").input_value()
    page.get_by_role("button", name="Sign out").click()
    page.goto(link)
    page.get_by_label("E-mail address").fill(PEOPLE["admin"][2])
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("Ada Byron")
    page.get_by_role("button", name="Remove Words grace").or_(
        page.get_by_role("link", name="Remove Words grace")
    ).click()
    expect(page.get_by_label("Words or filters")).to_have_value("action:delete")


def test_a_mistake_in_the_line_is_put_right_where_it_is_marked(page: Page) -> None:
    sign_in(page)
    page.goto("/reports/audit-log")
    line = page.get_by_label("Words or filters")
    line.fill("actoin:delete")
    page.keyboard.press("Enter")
    expect(page.locator("mark")).to_have_text("actoin:delete")
    expect(page.get_by_role("alert")).to_contain_text("did you mean “action”?")
    line.fill("action:sign_in")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("summary", has_text="How to search").click()
    page.get_by_role("link", name="no:actor login:postgres").click()
    expect(page.get_by_role("link", name="Remove Without No person named")).to_be_visible()
    page.locator("summary", has_text="How to search").click()
    page.get_by_role("button", name='"main street" -draft').click()
    expect(page.get_by_role("button", name="Remove Words main street")).to_be_visible()


def test_a_button_that_was_pressed_says_that_it_is_at_work_and_does_it_once(db: Database, page: Page) -> None:
    sign_in(page)
    page.clock.install()
    page.goto("/reports/audit-log")
    page.get_by_text("Export", exact=True).click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    button = page.locator("button[value=csv]")
    with page.expect_download():
        button.click()
        expect(button).to_have_text("Preparing…")
        expect(button).to_have_attribute("aria-disabled", "true")
        button.click(force=True)
    assert len(asked) == 1
    page.clock.run_for(5_000)
    expect(button).to_have_text("Download CSV")
    expect(button).not_to_have_attribute("aria-disabled", "true")
