"""People who may see some categories only: what they get is the unlimited result without the rest, everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, address, download, imported, rows_of, text_of, walk
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
    for category, actor in zip(("contact", "user", "group"), ("c-only", "u-only", "g-only"), strict=True):
        table = {"schema_name": "public", "table_name": f"{category}s"}
        imported(db, table | {"entity": category, "actor_id": actor, "actor_name": f"Actor {actor}"})
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
        for name, query in NARROWED.items():
            found = {e for e in chain.from_iterable(walk(browser, address(**query))) if e <= history}
            assert found == narrowed[name] & set(mine), (categories, name)


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


def test_no_page_gives_a_name_out_of_another_category_away(
    db: Database, limited: Callable[..., Browser], history: int
) -> None:
    """Not as the owner of a contact, the member of a group, who did it, or a choice in a filter."""
    pages = [
        REPORT,
        "/reports/",
        f"{REPORT}/health",
        address(record="77"),
        address(actor="2"),
        address(tz="Asia/Tokyo"),
    ]
    for categories in SCOPES:
        browser = limited(categories)
        allowed = in_scope(db, categories, history)
        text = "\n".join(browser.get(page) for page in [*pages, *(f"{REPORT}/events/{e}" for e in allowed)])
        text += download(browser).decode()
        for category, secret in SECRETS.items():
            if category not in categories:
                assert secret not in text, (categories, secret)
        for category, actor in {"contacts": "c-only", "users": "u-only", "groups": "g-only"}.items():
            assert (f"Actor {actor}" in text) == (category in categories), (categories, actor)
        assert ("public.parcels" in browser.get(f"{REPORT}/health")) == ("other" in categories)
    # Without a limit every one of them is shown: the names are there to be leaked.
    browser = limited(None)
    (contact,) = db.run("select max(event_id) from audit.report where record_id = '5' and action = 'insert'")
    assert SECRETS["users"] in browser.get(f"{REPORT}/events/{contact[0]}")
    assert SECRETS["contacts"] in browser.get(address(entity="group"))


def test_a_limit_takes_effect_on_the_next_click_and_is_said(limited: Callable[..., Browser], history: int) -> None:
    assert history
    browser = limited(None)
    assert "limited to" not in browser.get("/reports/")
    assert "Your account is limited to Contacts and Groups" in limited(["groups", "contacts"]).get("/reports/")
    assert "Your account is limited to Contacts and Groups" in browser.get(REPORT)
    page = browser.get(address(category="users"))
    assert "Your account is limited to Contacts and Groups. " in text_of(page)
    assert 'value="users"' not in page, "the filter offers what there is to choose"
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
