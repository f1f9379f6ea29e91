"""The report on paper."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, ROW, imported, many, text_of
from webapp.views import printing

Visitor = Callable[..., Browser]
PRINT = f"{REPORT}/print"


def test_the_page_to_print_says_what_it_is_of_for_whom_and_holds_every_detail(db: Database, visitor: Visitor) -> None:
    db.run("select audit.set_actor('2', 'Mei Tanaka'); insert into contacts (first_name, notes) values ('Ada', 'long')")
    db.run("update contacts set notes = %s", "word " * 500)
    words = text_of(visitor("auditor").get(f"{PRINT}?category=contacts&tz=Europe/Berlin"))
    assert "2 events, all that the filters show" in words
    assert "Filterscategory:contacts" in words
    assert "/reports/audit-log?category=contacts&tz=Europe/Berlin" in words.replace("%2F", "/")
    assert "TimesEurope/Berlin" in words
    assert "by Mei Tanaka (2), which is on record" in words
    assert words.count("word") == 500, "nothing is cut"
    assert (db.last()["action"], db.last()["context"]["view"]["page"]) == ("view", "printed")


def test_a_record_has_a_page_to_print(db: Database, visitor: Visitor) -> None:
    ids = imported(
        db, ROW, ROW | {"action": "update", "before": {"phone": "1"}, "after": {"phone": "2"}}, {"record_id": "8"}
    )
    browser = visitor("auditor")
    (page,) = re.findall(r'href="([^"]+)">A page to print', browser.get(f"{REPORT}/records/contact/7"))
    html = browser.get(unescape(page))
    assert html.count('<article class="card sheet">') == 2
    assert f'<span class="quiet">{ids[1]}</span>' in html
    assert "entity:contact record:7" in html


def test_more_than_fits_says_so(db: Database, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    many(db, 12)
    monkeypatch.setattr(printing, "MOST", 10)
    browser = visitor("auditor")
    page = browser.get(f"{PRINT}?category=contacts")
    assert "The newest 10 events of 12 events: narrow the report" in text_of(page)
    assert page.count("<article") == 10
    assert "There is nothing to print" in browser.get(f"{PRINT}?record=none")


def test_a_limit_holds_on_paper_too(db: Database, visitor: Visitor) -> None:
    many(db, 2)
    db.run("update users set categories = '{groups}' where id = 2")
    words = text_of(visitor("auditor").get(PRINT))
    assert "the account is limited to Groups" in words
    assert "Contact 1" not in words


@pytest.mark.parametrize("asked", ["heliotrope", "address:203.0.113.7"], ids=["words", "claimed address"])
def test_what_a_search_finds_is_printed(db: Database, visitor: Visitor, asked: str) -> None:
    with db.connect() as app, app.transaction():
        app.execute("""select audit.set_actor('2', 'Mei Tanaka', null, '{"ip": "203.0.113.7"}')""")
        app.execute("insert into contacts (first_name, notes) values ('Ada', 'heliotrope')")
    db.run("insert into contacts (first_name) values ('Bo')")
    browser = visitor("auditor")
    there = browser.post(f"{REPORT}/find", page=REPORT, status=303, q=asked)
    words = text_of(browser.get(str(there.location).replace(REPORT, PRINT)))
    assert "1 event, all that the filters show" in words
    assert "Ada" in words
    assert "Bo" not in words
