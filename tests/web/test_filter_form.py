"""The form of the filters: what it offers, what it refuses, what it says when nothing is found."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.conftest import Browser, Database, check_page
from tests.web.reading import REPORT, address, event_ids, imported, text_of

Visitor = Callable[..., Browser]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("categry=users", "There is no filter “categry”: did you mean “category”?"),
        ("Entity=contact", "There is no filter “Entity”: did you mean “entity”?"),
        ("words=x", "Words are never in an address: type them into the line above the list."),
        (
            "xyzzy=1",
            "There is no filter “xyzzy”: there are from, to, period, category, action, actor, login, application,",
        ),
        ("who=17", "There is no filter “who”: did you mean “actor”?"),
        ("from=2026-01-01&from=2026-02-01", "The filter “from” is given 2 times: give it once."),
        ("tz=UTC&tz=UTC", "The filter “tz” is given 2 times: give it once."),
    ],
)
def test_a_filter_that_would_be_ignored_is_refused_on_every_page(
    db: Database, visitor: Visitor, query: str, says: str
) -> None:
    browser = visitor("auditor")
    for path in ("", "/events/1", "/health", "/records/contact/7", "/actors/2"):
        page = browser.get(f"{REPORT}{path}?{query}", 400)
        check_page(page, path)
        assert says in text_of(page), path
        assert event_ids(page) == []
    exports = db.value("select count(*) from audit.events where action = 'export'")
    browser.post(f"{REPORT}/export?{query}", page="/reports/", status=400)
    assert db.value("select count(*) from audit.events where action = 'export'") == exports


def test_a_mistake_keeps_the_zone_that_was_chosen(visitor: Visitor) -> None:
    page = visitor("auditor").get(address(from_="never", tz="Asia/Tokyo"), 400)
    assert "tz=Asia/Tokyo" in page.partition('class="presets"')[2]
    assert f'class="button" href="{REPORT}?tz=Asia/Tokyo">Clear filters' in page


def test_the_kinds_to_choose_from_are_those_that_exist(db: Database, visitor: Visitor) -> None:
    db.run("create table invoices (id int primary key); select audit.track('invoices', entity => 'invoice')")
    page = visitor("auditor").get(REPORT)
    offered = page.partition('<datalist id="entities">')[2].partition("</datalist>")[0]
    assert re.findall(r'value="(\w+)"', offered) == ["contact", "group", "invoice", "report", "user"]


def test_a_kind_that_does_not_exist_is_said_not_to(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    words = text_of(browser.get(address(entity="contcat")))
    assert "No kind of record is called “contcat” There are contact, group, report, user." in words
    assert "No event matches these filters" in text_of(browser.get(address(entity="group", record="none")))
    imported(db, {"entity": "invoice"})
    assert len(event_ids(browser.get(address(entity="invoice")))) == 1, "of another system, but it is there"


def test_what_to_widen_is_named_only_when_it_is_set(visitor: Visitor) -> None:
    browser = visitor("auditor")
    assert "Take one out or clear the filters" in text_of(browser.get(address(record="none")))
    assert "Widen the dates or clear the filters" in text_of(browser.get(address(record="none", to="2026-01-01")))


def test_the_form_is_unfolded_where_something_in_it_is_wrong(visitor: Visitor) -> None:
    browser = visitor("auditor")
    assert '<details class="narrowing">' in browser.get(address(category="users"))
    assert '<details class="narrowing" open>' in browser.get(address(category="x"), 400)
