"""Walking through the report: every event once, whatever happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, address, event_ids, flood, imported, link, looked, many, text_of, walk

Visitor = Callable[..., Browser]


def newest_first(db: Database, condition: str = "true") -> list[int]:
    rows = db.run(f"select event_id from audit.events where {condition} order by occurred_at desc, event_id desc")
    return [row[0] for row in rows]


def test_walking_to_the_oldest_shows_every_event_once(db: Database, visitor: Visitor) -> None:
    many(db, 233)
    browser = looked(visitor("auditor"))
    pages = walk(browser)
    assert list(chain.from_iterable(pages)) == newest_first(db)
    assert [len(page) for page in pages[:-1]] == [50] * (len(pages) - 1)
    assert 0 < len(pages[-1]) <= 50


def test_walking_back_shows_the_same_pages(db: Database, visitor: Visitor) -> None:
    many(db, 233)
    browser = looked(visitor("auditor"))
    pages: list[list[int]] = []
    here: str | None = REPORT
    html = ""
    while here:
        html = browser.get(here)
        pages.append(event_ids(html))
        here = link(html, "next")
    assert "These are the oldest." in html
    back = [event_ids(html)]
    while newer := link(html, "prev"):
        html = browser.get(newer)
        back.append(event_ids(html))
    assert back == pages[::-1]
    assert "These are the oldest." not in html


def test_the_borders_are_right_when_pages_are_exactly_full(db: Database, visitor: Visitor) -> None:
    many(db, 100)
    browser = visitor("auditor")
    assert [len(page) for page in walk(browser, address(login="postgres", category="contacts"))] == [50, 50]
    many(db, 1, "timestamptz '2026-01-01Z'")
    assert [len(page) for page in walk(browser, address(login="postgres", category="contacts"))] == [50, 50, 1]


def test_filters_and_zone_stay_while_walking(db: Database, visitor: Visitor) -> None:
    many(db, 400)
    browser = visitor("auditor")
    start = address(actor="p3", category="contacts", from_="2026-02-01", to="2026-02-02", tz="Asia/Kolkata")
    assert list(chain.from_iterable(walk(browser, start))) == newest_first(db, "actor_id = 'p3'")
    older = link(browser.get(start), "next")
    assert older
    assert "Times in Asia/Kolkata" in browser.get(older)


def test_events_of_one_moment_are_not_lost_at_a_border(db: Database, visitor: Visitor) -> None:
    many(db, 233, "timestamptz '2026-02-01 12:00Z' + n / 60 * interval '1 microsecond'")
    browser = visitor("auditor")
    pages = walk(browser, address(category="contacts"))
    assert list(chain.from_iterable(pages)) == newest_first(db, "entity = 'contact' and action <> 'configure'")
    assert len(pages) == 5


def test_a_writer_meanwhile_moves_nothing(db: Database, visitor: Visitor) -> None:
    many(db, 233)
    browser = looked(visitor("auditor"))
    writer = db.connect("app")
    there_before = newest_first(db)
    seen: list[int] = []
    here: str | None = REPORT
    html = ""
    while here:
        html = browser.get(here)
        seen += event_ids(html)
        writer.execute("insert into contacts (first_name) select 'Later' from generate_series(1, 7)")
        here = link(html, "next")
    assert seen == there_before

    seen = event_ids(html)[::-1]
    while newer := link(html, "prev"):
        html = browser.get(newer)
        seen += event_ids(html)[::-1]
        if len(seen) < len(there_before):
            writer.execute("insert into contacts (first_name) select 'Later' from generate_series(1, 7)")
    assert seen == newest_first(db)[::-1]
    assert seen[: len(there_before)] == there_before[::-1]


def test_what_arrives_shows_up_at_the_top(db: Database, visitor: Visitor) -> None:
    many(db, 60)
    browser = visitor("auditor")
    top = event_ids(looked(browser).get(REPORT))[0]
    db.connect("app").execute("insert into contacts (first_name) values ('New')")
    assert event_ids(browser.get(REPORT))[:2] == [db.last()["event_id"], top]


def test_nothing_to_show_says_why_and_what_to_do(db: Database, visitor: Visitor) -> None:
    browser = looked(visitor("auditor"))
    page = browser.get(address(record="nonesuch"))
    assert "No event matches these filters" in page
    assert "clear the filters" in page
    partitions = db.run("select inhrelid::regclass::text from pg_inherits where inhparent = 'audit.log'::regclass")
    for (partition,) in partitions:
        db.run(f"drop table {partition}")
    page = browser.get(REPORT)
    assert "Nothing has happened yet" in page
    assert 'href="/reports/audit-log/health"' in page


def test_a_count_is_exact_while_it_is_small(db: Database, visitor: Visitor) -> None:
    imported(db, {"entity": "invoice"}, {"entity": "ship"}, {"entity": "ship"})
    browser = visitor("auditor")
    assert "1 event, newest first" in text_of(browser.get(address(entity="invoice")))
    assert "2 events, newest first" in text_of(browser.get(address(entity="ship")))


def test_a_count_stops_at_ten_thousand(db: Database, visitor: Visitor) -> None:
    flood(db, 10_001)
    browser = visitor("auditor")
    assert "More than 10,000 events, newest first" in text_of(browser.get(address(login="app")))
    assert "More than 10,000 events, exactly those that the filters show" in text_of(browser.get(address(login="app")))
    first = newest_first(db, "db_user = 'app'")[0]
    db.run("alter table audit.log disable trigger refuse_mutation")
    for table in ("log", "search"):
        db.run(f"delete from audit.{table} where event_id = %s", first)
    assert "10,000 events, newest first" in text_of(browser.get(address(login="app")))
    assert "More than" not in text_of(browser.get(address(login="app")))
