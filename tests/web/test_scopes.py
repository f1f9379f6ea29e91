"""People who may see some categories only: what they get is the unlimited result without the rest, everywhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import chain
from typing import Any

import pytest
from flask import Flask

from tests.conftest import PEOPLE, Browser, Database
from tests.web.attacking import crawl
from tests.web.reading import REPORT, address, download, event_ids, imported, rows_of, text_of, walk
from tests.web.test_export_workbook import opened
from tests.web.test_finding import search
from webapp import activity
from webapp.filters import Filters
from webapp.scopes import CATEGORIES, EVERYTHING, Scope

Visitor = Callable[..., Browser]
SCOPES: list[list[str]] = [
    ["contacts"],
    ["groups", "contacts"],
    ["users"],
    ["other"],
    ["exports", "access"],
    ["settings"],
    [],
    ["no such category"],
]
NARROWED = {
    "category": {"category": "users"},
    "entity": {"entity": "contact"},
    "record": {"entity": "user", "record": "77"},
    "actor": {"actor": "2"},
    "login": {"login": "postgres"},
    "action": {"action": "insert"},
}
#: A name that stands in one category alone; what other categories say refers to it by key.
SECRETS = {"contacts": "Condfrey Contact", "groups": "Grundred Group", "users": "Ulwin User", "other": "Oddbert Other"}
#: Who did something in one category alone.
ACTORS = {"contacts": "c-only", "users": "u-only", "groups": "g-only"}


@pytest.fixture
def limited(db: Database, visitor: Visitor) -> Callable[[list[str] | None], Browser]:
    """Mei, limited to some categories: to all of them with None."""
    browser = visitor("auditor")

    def limit(categories: list[str] | None) -> Browser:
        db.run("update users set categories = %s where id = 2", categories)
        return browser

    return limit


@pytest.fixture
def history(db: Database, limited: Callable[..., Browser]) -> int:
    """Events of every category that refer to each other; the number of the last one."""
    first, last = SECRETS["contacts"].split()
    db.run(
        "insert into users (id, name, email, password_hash) values (77, %s, 'ulwin@example.org', '!')", SECRETS["users"]
    )
    db.run("insert into contacts (id, first_name, last_name, owner_id) values (5, %s, %s, 77)", first, last)
    db.run("insert into groups (id, name) values (6, %s)", SECRETS["groups"])
    db.run("insert into contact_groups values (5, 6)")
    db.run("insert into user_permissions values (77, 'audit.erase')")
    db.run("update contacts set owner_id = 2, notes = 'called' where id = 5")
    # A partitioned table, whose row moves, and which refers to a user and to a contact.
    db.run(
        "create table parcels (id int, place text, note text, user_id bigint references users, "
        "contact_id bigint references contacts, primary key (id, place)) partition by list (place)"
    )
    db.run("create table parcels_here partition of parcels for values in ('here')")
    db.run("create table parcels_there partition of parcels for values in ('there')")
    db.run("select audit.track('parcels', label => '{note}')")
    db.run("insert into parcels values (1, 'here', %s, 77, 5)", SECRETS["other"])
    db.run("update parcels set place = 'there'")
    for category, actor in ACTORS.items():
        table = {"schema_name": "public", "table_name": category}
        imported(db, table | {"entity": category[:-1], "actor_id": actor, "actor_name": f"Actor {actor}"})
    browser = limited(None)
    download(browser, address(record="77"))
    return db.value("select max(event_id) from audit.events")


def in_scope(db: Database, categories: list[str], last: int) -> list[int]:
    rows = db.run(
        "select event_id from audit.report where category = any (%s) and event_id <= %s "
        "order by occurred_at desc, event_id desc",
        categories,
        last,
    )
    return [row[0] for row in rows]


def test_categories_are_the_same_in_the_database_and_in_the_program(db: Database, history: int) -> None:
    assert history
    pairs = db.run("select distinct action, entity from audit.events")
    seen = {db.value("select audit.category_of(%s, %s)", *pair) for pair in pairs}
    assert seen == set(CATEGORIES)
    assert db.run("select 1 from audit.report where category is null") == []


def test_lists_counts_and_files_are_those_of_everybody_without_the_rest(
    db: Database, limited: Callable[..., Browser], history: int
) -> None:
    whole = [row for row in rows_of(download(limited(None))) if int(row["event_id"]) <= history]
    assert {row["category"] for row in whole} == set(CATEGORIES)
    narrowed = {name: set(chain.from_iterable(walk(limited(None), address(**NARROWED[name])))) for name in NARROWED}
    for categories in SCOPES:
        browser = limited(categories)
        mine = in_scope(db, categories, history)
        # Setting the limit was itself a change of a user.
        shown = [e for e in chain.from_iterable(walk(browser)) if e <= history]
        assert shown == mine, categories
        rows = [row for row in rows_of(download(browser)) if int(row["event_id"]) <= history]
        assert rows == [row for row in whole if row["category"] in categories]
        lines = [json.loads(line) for line in download(browser, format="ndjson").splitlines()]
        assert [line["event_id"] for line in lines if line["event_id"] <= history] == mine
        assert {line["category"] for line in lines} <= set(categories)
        book, _ = opened(download(browser, format="xlsx"))
        assert [int(row["event_id"]) for row in book if int(row["event_id"]) <= history] == mine
        for name, query in NARROWED.items():
            found = {e for e in chain.from_iterable(walk(browser, address(**query))) if e <= history}
            assert found == narrowed[name] & set(mine), (categories, name)


def test_charts_are_those_of_everybody_without_the_rest(
    db: Database, limited: Callable[..., Browser], history: int
) -> None:
    filters = activity.bounded(Filters(start=date(2026, 1, 1)), datetime.now(UTC))
    with db.connect("web") as web:

        def by_hour(scope: Scope) -> list[int]:
            return list(chain.from_iterable(activity.hours(web, filters, scope)))

        def by_person(scope: Scope) -> Counter[tuple[str | None, str | None]]:
            found = activity.people(web, filters, scope)
            assert len(found) < activity.TOP, "nobody is left out"
            return Counter({(who.actor_id, who.db_user): who.events for who in found})

        def added_up(lists: list[list[int]]) -> list[int]:
            return [sum(numbers) for numbers in zip([0] * 7 * 24, *lists, strict=True)]

        stretches = activity.over_time(web, filters, EVERYTHING)
        kinds = activity.kinds(web, filters, EVERYTHING)
        hours = {category: by_hour(Scope.of([category])) for category in CATEGORIES}
        persons = {category: by_person(Scope.of([category])) for category in CATEGORIES}
        assert added_up(list(hours.values())) == by_hour(EVERYTHING)
        assert sum(persons.values(), Counter()) == by_person(EVERYTHING)
        assert {kind.category for kind in kinds} == set(CATEGORIES)
        for categories in SCOPES:
            scope, mine = Scope.of(categories), [category for category in CATEGORIES if category in categories]
            assert [stretch.events for stretch in activity.over_time(web, filters, scope)] == [
                {category: number for category, number in stretch.events.items() if category in mine}
                for stretch in stretches
            ]
            assert activity.kinds(web, filters, scope) == [kind for kind in kinds if kind.category in mine]
            assert by_hour(scope) == added_up([hours[category] for category in mine])
            assert by_person(scope) == sum((persons[category] for category in mine), Counter())
    for categories in (["contacts"], ["groups", "contacts"]):
        total = sum(kind.events for kind in kinds if kind.category in categories)
        assert total == len(in_scope(db, categories, history))
        assert f": {total} events." in text_of(limited(categories).get(f"{REPORT}/activity?from=2026-01-01"))


def test_a_search_for_words_finds_what_everybody_finds_without_the_rest(
    db: Database, limited: Callable[..., Browser], history: int
) -> None:
    def found(browser: Browser, words: str) -> set[int]:
        return {e for e in chain.from_iterable(walk(browser, search(browser, words))) if e <= history}

    whole = {name: found(limited(None), name) for name in (*SECRETS.values(), "example.org")}
    assert all(whole.values())
    for categories in SCOPES:
        browser, mine = limited(categories), set(in_scope(db, categories, history))
        for words, events in whole.items():
            assert found(browser, words) == events & mine, (categories, words)


def test_the_count_is_that_of_the_limited_list(db: Database, limited: Callable[..., Browser], history: int) -> None:
    browser = limited(["other"])
    assert history
    amount = len(in_scope(db, ["other"], history))
    assert amount == 2
    assert f"{amount} events, newest first" in text_of(browser.get(REPORT))


def test_an_event_out_of_reach_looks_like_one_that_is_not_there(
    db: Database, limited: Callable[..., Browser], history: int
) -> None:
    events = db.run("select event_id, category from audit.report where event_id <= %s", history)
    browser = limited(None)
    whole = {event_id: browser.get(f"{REPORT}/events/{event_id}") for event_id, _ in events}
    nothing = re.sub(r"csrf_token.*", "", browser.get(f"{REPORT}/events/999999999", status=404))
    for categories in SCOPES:
        browser = limited(categories)
        for event_id, category in events:
            if category in categories:
                assert text_of(browser.get(f"{REPORT}/events/{event_id}")).startswith(
                    text_of(whole[event_id]).partition("What")[0]
                )
            else:
                page = browser.get(f"{REPORT}/events/{event_id}", status=404)
                assert re.sub(r"csrf_token.*", "", page) == nothing


def test_no_page_gives_anything_out_of_another_category_away(
    db: Database, app: Flask, limited: Callable[..., Browser], history: int
) -> None:
    """Whatever address people without a limit come to, people with one learn nothing there by opening it."""
    db.run("update users set role = 'administrator' where id = 2")
    everything = dict(crawl(app, limited(None).sign_in(PEOPLE["auditor"][2]), most=70, each=4))
    for name in (*SECRETS.values(), *(f"Actor {actor}" for actor in ACTORS.values())):
        assert any(name in html for html in everything.values()), f"{name} is there to be given away"
    for categories in SCOPES[::2]:
        browser = limited(categories)
        allowed = set(in_scope(db, categories, history))
        hidden = [SECRETS[category] for category in SECRETS if category not in categories]
        hidden += [f"Actor {actor}" for category, actor in ACTORS.items() if category not in categories]
        for page in everything:
            with browser.client.get(page, follow_redirects=True) as response:
                html = response.get_data(as_text=True)
            assert [name for name in hidden if name in html] == [], (categories, page)
            assert {e for e in event_ids(html) if e <= history} <= allowed, (categories, page)
        listed = browser.get(REPORT)
        assert [f"Actor {actor}" in listed for actor in ACTORS.values()] == [c in categories for c in ACTORS]
        assert ("public.parcels" in browser.get(f"{REPORT}/health")) == ("other" in categories)


def test_a_limit_takes_effect_on_the_next_click_and_is_said(limited: Callable[..., Browser], history: int) -> None:
    assert history
    browser = limited(None)
    assert "limited to" not in browser.get("/reports/")
    assert "Your account is limited to Contacts and Groups" in limited(["groups", "contacts"]).get("/reports/")
    assert "Your account is limited to Contacts and Groups" in browser.get(REPORT)
    page = browser.get(address(category="users"))
    assert "Your account is limited to Contacts and Groups. " in text_of(page)
    assert '<option value="users"' not in page, "the filter offers what there is to choose"
    assert "Your account is limited to nothing" in limited([]).get("/reports/")


def test_what_leaves_is_on_record_with_the_limit(db: Database, limited: Callable[..., Browser], history: int) -> None:
    download(limited(["groups", "contacts"]))
    begun: dict[str, Any] = db.events("action = 'export' and event_id > %s", history)[0]
    assert begun["context"]["export"]["limited_to"] == ["contacts", "groups"]


def test_an_unlimited_scope_is_never_what_is_left_when_one_is_forgotten() -> None:
    assert Scope.of(None) == EVERYTHING
    assert Scope.of([]) != EVERYTHING
    assert not any(Scope.of([]).allows(category) for category in CATEGORIES)
    assert Scope.of([]).in_words() == "nothing"
