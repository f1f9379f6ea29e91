"""What people come to ask, answered as a first-time administrator finds the answer: in few steps after signing in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Shown, sign_in, window
from tests.conftest import PASSWORD, PEOPLE
from tests.web.reading import imported

pytestmark = pytest.mark.browser

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
FRIDAY = TODAY - timedelta(days=(TODAY.weekday() - 4) % 7 or 7)
LAST_MONTH = (TODAY.replace(day=1) - timedelta(days=1)).replace(day=1)


@pytest.fixture(scope="module")
def past(shown: Shown) -> None:
    """What happened: beside each answer stands what could be taken for it."""
    db = shown.db
    contact: dict[str, Any] = {"schema_name": "public", "table_name": "contacts"}
    user: dict[str, Any] = {"entity": "user", "schema_name": "public", "table_name": "users"}
    jonas = {"actor_id": "17", "actor_name": "Jonas Weber"}
    priya = {"actor_id": "18", "actor_name": "Priya Raman"}

    def at(day: datetime, hour: int) -> str:
        return (day + timedelta(hours=hour)).isoformat()

    def exported(day: datetime, who: dict[str, str], rows: int) -> dict[str, Any]:
        return who | {
            "action": "export",
            "occurred_at": at(day, 9),
            "context": {"export": {"row_count": rows, "format": "csv"}},
        }

    def changed(day: datetime, who: dict[str, str], number: int, **new: str) -> dict[str, Any]:
        return contact | who | {"action": "update", "occurred_at": at(day, 10), "record_id": str(number), "record_label": f"Contact {number}",
                                "before": dict.fromkeys(new, "old"), "after": new}  # fmt: skip

    def promoted(number: int, name: str, before: str, after: str) -> dict[str, Any]:
        return user | priya | {"action": "update", "occurred_at": at(FRIDAY - timedelta(days=9), 11), "record_id": str(number),
                               "record_label": name, "before": {"role": before}, "after": {"role": after}}  # fmt: skip

    ada = contact | {"record_id": "7", "record_label": "Ada Lovelace"}
    imported(
        db,
        ada | priya | {"occurred_at": at(FRIDAY - timedelta(days=30), 8), "after": {"id": 7}},
        ada | jonas | {"occurred_at": at(FRIDAY - timedelta(days=2), 8), "action": "delete", "before": {"id": 7}},
        contact | priya | {"occurred_at": at(FRIDAY - timedelta(days=2), 9), "action": "delete", "record_id": "8",
                           "record_label": "Grace Hopper", "before": {"id": 8}},
        exported(LAST_MONTH, jonas, 1234),
        exported(LAST_MONTH + timedelta(days=20), priya, 56),
        exported(LAST_MONTH - timedelta(days=20), priya, 789),
        changed(FRIDAY, jonas, 21, phone="+00 555 000021"),
        changed(FRIDAY, jonas, 22, phone="+00 555 000022"),
        changed(FRIDAY, priya, 23, phone="+00 555 000023"),
        changed(FRIDAY - timedelta(days=1), jonas, 24, phone="+00 555 000024"),
        promoted(30, "Lucía Ortega", "editor", "administrator"),
        promoted(31, "Sam Okafor", "member", "editor"),
    )  # fmt: skip


@dataclass
class Administrator:
    """Somebody who has just signed in, which was one step, and whose further steps are counted."""

    page: Page
    steps: int = 1

    def clicks(self, target: Locator) -> None:
        self.steps += 1
        target.click()

    def opens_the_report(self) -> None:
        self.clicks(self.page.get_by_role("navigation").get_by_role("link", name="Audit Log"))

    def looks_for(self, text: str) -> None:
        """Typing is one step, and Enter another."""
        self.steps += 2
        self.page.get_by_label("Words or filters").fill(text)
        self.page.keyboard.press("Enter")

    def rows(self) -> Locator:
        assert self.steps < 5, f"it took {self.steps} steps"
        return self.page.locator("table.events tbody tr")


@pytest.fixture
def administrator(chromium: Browser, shown: Shown, past: None) -> Iterator[Administrator]:
    with window(chromium, shown.address) as page:
        sign_in(page, "admin")
        yield Administrator(page)


def test_who_deleted_a_given_contact(administrator: Administrator) -> None:
    administrator.opens_the_report()
    administrator.looks_for('action:delete "Ada Lovelace"')
    expect(administrator.rows()).to_have_count(1)
    expect(administrator.rows()).to_contain_text(
        re.compile(r"Jonas Weber.*deleted\s+contact\s+Ada Lovelace", re.DOTALL)
    )


def test_who_exported_contacts_last_month_and_how_many(administrator: Administrator) -> None:
    administrator.opens_the_report()
    administrator.clicks(administrator.page.locator("summary", has_text="Views"))
    administrator.clicks(administrator.page.get_by_role("link", name="Exports last month"))
    expect(administrator.rows()).to_have_count(2)
    for row, (name, amount) in zip(
        administrator.rows().all(), [("Priya Raman", "56"), ("Jonas Weber", "1,234")], strict=True
    ):
        expect(row).to_contain_text(name)
        expect(row).to_contain_text(f"{amount} rows")


def test_what_one_user_changed_last_friday(administrator: Administrator) -> None:
    administrator.opens_the_report()
    administrator.looks_for(f'"Jonas Weber" created:{FRIDAY.date()}')
    expect(administrator.rows()).to_have_count(2)
    for row, number in zip(administrator.rows().all(), (22, 21), strict=True):
        expect(row).to_contain_text(f"Contact {number}")
        expect(row).to_contain_text(f"+00 555 0000{number}")


def test_when_a_user_became_administrator_and_by_whom(administrator: Administrator) -> None:
    administrator.opens_the_report()
    administrator.clicks(administrator.page.locator("summary", has_text="Views"))
    administrator.clicks(administrator.page.get_by_role("link", name="Became administrator"))
    row = administrator.rows()
    expect(row).to_have_count(1)
    expect(row.locator(".who")).to_contain_text("Priya Raman")
    expect(row.locator(".what")).to_contain_text("Lucía Ortega")
    expect(row.locator(".fields")).to_contain_text("administrator")
    expect(row.locator("time")).to_have_attribute("datetime", re.compile(str((FRIDAY - timedelta(days=9)).date())))


def test_a_colleague_opens_exactly_this_view(administrator: Administrator, chromium: Browser, shown: Shown) -> None:
    """The address that the browser shows is the link, and the colleague signs in first."""
    administrator.opens_the_report()
    administrator.clicks(administrator.page.get_by_role("link", name="Contact changes"))
    expect(administrator.rows()).to_have_count(6)
    seen = administrator.rows().evaluate_all("all => all.map(row => row.id)")
    link = administrator.page.url
    administrator.steps += 1  # copied
    with window(chromium, shown.address) as page:
        page.goto(link)
        page.get_by_label("E-mail address").fill(PEOPLE["auditor"][2])
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Audit Log")
        assert page.locator("table.events tbody tr").evaluate_all("all => all.map(row => row.id)") == seen
        expect(page.get_by_role("link", name="Contact changes")).to_have_attribute("aria-current", "page")
    assert administrator.rows()
