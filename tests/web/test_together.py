"""One click that changed many rows is one entry of the list, which opens, and can be taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, address, download, event_ids, imported, link, rows_of, text_of
from webapp.wording.together import several

Visitor = Callable[..., Browser]
CONTACTS = address(category="contacts")


def at_once(db: Database, *statements: str, actor: str = "2", name: str = "Mei Tanaka") -> None:
    """One transaction of the application, for one person."""
    app = db.connect("app", application_name="crm")
    with app.transaction():
        app.execute("select audit.set_actor(%s, %s)", (actor, name))
        for statement in statements:
            app.execute(statement.encode())


def entries(html: str) -> list[str]:
    """What a person reads of each entry that holds several events, before opening it."""
    found = re.findall(r'<td class="what" colspan="2">(.*?)<details>', html, re.S)
    return [text_of(f"<body>{entry}</body>") for entry in found]


def test_what_happened_at_once_reads_as_one_entry(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("insert into groups (id, name) values (1, 'Press'), (2, 'Board')")
    stories = {
        "created 12 contacts": [
            "insert into contacts (id, first_name) select n, 'C' || n from generate_series(1, 12) n"
        ],
        "changed 12 contacts": ["update contacts set phone = '1'"],
        "created contact Ada and added it to 2 groups": [
            "insert into contacts (id, first_name) values (20, 'Ada')",
            "insert into contact_groups values (20, 1), (20, 2)",
        ],
        "added 3 members to group Press": ["insert into contact_groups select id, 1 from contacts where id < 4"],
        "changed group Board and added 2 members to it": [
            "update groups set description = 'Of us' where id = 2",
            "insert into contact_groups values (1, 2), (2, 2)",
        ],
    }
    for said, statements in stories.items():
        at_once(db, *statements)
        assert entries(browser.get(REPORT))[0] == said
    at_once(db, "delete from groups where id = 2")
    assert entries(browser.get(REPORT))[0] in (
        "deleted group Board and removed 3 members from it",
        "removed 3 members from it and deleted group Board",
    )


def test_an_entry_holds_its_events_and_leads_to_all_of_them(db: Database, visitor: Visitor) -> None:
    at_once(db, "insert into contacts (id, first_name) values (1, 'Ada'), (2, 'Bob')")
    at_once(db, "update contacts set phone = '1'")
    browser = visitor("auditor")
    html = browser.get(CONTACTS)
    assert html.count('<tr class="together">') == 2
    assert event_ids(html) == [event["event_id"] for event in db.events("category = 'contacts'")][::-1]
    assert "changed contact Ada phone empty → became 1 Details" in text_of(html)
    all_of_it = [unescape(found) for found in re.findall(r'href="([^"]+)">All of it', html)]
    assert event_ids(browser.get(all_of_it[0])) == event_ids(html)[:2]


def test_only_neighbours_of_one_transaction_and_one_person_belong_together(db: Database, visitor: Visitor) -> None:
    app = db.connect("app")
    with app.transaction():
        for actor in ("2", "3"):
            app.execute("select audit.set_actor(%s)", (actor,))
            app.execute("insert into contacts (first_name) values ('C')")
    imported(db, {}, {})
    assert entries(visitor("auditor").get(CONTACTS)) == []


def test_an_entry_that_is_cut_by_the_end_of_a_page_says_so(db: Database, visitor: Visitor) -> None:
    at_once(db, "insert into contacts (first_name) select 'C' || n from generate_series(1, 120) n")
    browser = visitor("auditor")
    pages = [browser.get(CONTACTS)]
    while older := link(pages[-1], "next"):
        pages.append(browser.get(older))
    shown = [event_ids(page) for page in pages]
    assert [len(page) for page in shown] == [50, 50, 20]
    assert len({event for page in shown for event in page}) == 120
    said = [re.findall(r"<summary>(\d+ events here[^<]*)</summary>", page) for page in pages]
    assert said == [
        ["50 events here, at least 70 more beside this page"],
        ["50 events here, at least 70 more beside this page"],
        ["20 events here, at least 100 more beside this page"],
    ]


def test_a_search_for_words_is_cut_in_the_same_way(db: Database, visitor: Visitor) -> None:
    at_once(db, "insert into contacts (first_name) select 'Harbour' || n % 2 from generate_series(1, 120) n")
    browser = visitor("auditor")
    answer = browser.post("/reports/audit-log/find", page=REPORT, status=303, q="harbour1", tz="UTC")
    html = browser.get(answer.location)
    assert "50 events here, at least 10 more beside this page" in html


def test_the_list_can_be_taken_apart_and_stays_so(db: Database, visitor: Visitor) -> None:
    at_once(db, "insert into contacts (first_name) select 'C' || n from generate_series(1, 60) n")
    browser = visitor("auditor")
    html = browser.get(CONTACTS)
    apart = re.search(r'href="([^"]+)">show each event', html)
    assert apart
    page = browser.get(unescape(apart[1]))
    assert event_ids(page) == event_ids(html)
    assert 'class="together"' not in page
    older = link(page, "next")
    assert older
    for found in (older, *(unescape(h) for h in re.findall(r'<a href="(/reports/audit-log\?[^"]+)"', page))):
        assert "group=off" in found or "put together" in page.partition(f'{found.replace("&", "&amp;")}">')[2][:40], (
            found
        )
    assert 'class="together"' not in browser.get(older)
    assert 'class="together"' in browser.get(CONTACTS)
    assert "“on” is no way to show it: leave it out or write group=off" in browser.get(f"{REPORT}?group=on", 400)


def test_an_export_has_every_event_by_itself(db: Database, visitor: Visitor) -> None:
    at_once(db, "insert into contacts (first_name) select 'C' || n from generate_series(1, 12) n")
    assert len(rows_of(download(visitor("auditor"), CONTACTS))) == 12


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [(1, "contact", "1 contact"), (1200, "contact", "1,200 contacts"), (2, "company", "2 companies"), (2, "day", "2 days"),
     (3, "address", "3 addresses")],
)  # fmt: skip
def test_nouns_have_a_plural(number: int, noun: str, said: str) -> None:
    assert several(number, noun) == said
