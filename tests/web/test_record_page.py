"""The page of one record: its whole life."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, event_ids, imported, link, many, text_of

Visitor = Callable[..., Browser]
ADA = f"{REPORT}/records/contact/7"


def a_life(db: Database) -> list[int]:
    """Ada is created, changed twice, the second time by a login without a person, and deleted; the events."""
    app = db.connect("app", application_name="crm")
    steps = (
        ("2", "insert into contacts (id, first_name, phone) values (7, 'Ada', '1')"),
        ("2", "update contacts set phone = '2', company = 'Acme' where id = 7"),
        ("", "update contacts set phone = '3' where id = 7"),
        ("1", "delete from contacts where id = 7"),
    )
    for actor, statement in steps:
        with app.transaction():
            if actor:
                app.execute("select audit.set_actor(%s, %s)", (actor, {"1": "Alex Morgan", "2": "Mei Tanaka"}[actor]))
            app.execute(statement.encode())
    return [event["event_id"] for event in db.events("record_id = '7'")]


def test_a_record_shows_how_it_ended_who_touched_it_and_everything_that_happened(
    db: Database, visitor: Visitor
) -> None:
    life = a_life(db)
    html = visitor("auditor").get(ADA)
    words = text_of(html)
    assert "<title>Ada · Audit Log Report</title>" in html
    assert re.search(r"Contact number 7 deleted [^.]+ by Alex Morgan", words)
    assert "As it was when it was deleted" in words
    assert "phone 3" in words
    assert "Mei Tanaka login app 2 events" in words
    assert "app no person named 1 event" in words
    assert event_ids(html) == life[::-1]


def test_a_record_is_shown_as_it_stood_after_any_event(db: Database, visitor: Visitor) -> None:
    life = created, changed, _, deleted = a_life(db)
    browser = visitor("auditor")
    links = [unescape(found) for found in re.findall(r'href="([^"]+at=\d+[^"]*)"', browser.get(ADA))]
    assert [re.findall(r"at=(\d+)", found)[0] for found in links] == [str(e) for e in life[::-1]]
    words = text_of(browser.get(next(found for found in links if f"at={changed}" in found)))
    assert f"As it stood after event {changed}" in words
    assert "Mei Tanaka changed 2 fields, marked below" in words
    assert "phone 1 2" in words
    assert "company empty Acme" in words
    assert "first name Ada" in words
    assert "created it like this" in text_of(browser.get(f"{ADA}?at={created}"))
    assert "this is what was removed" in text_of(browser.get(f"{ADA}?at={deleted}"))


def test_fields_stand_in_the_order_of_the_table(db: Database, visitor: Visitor) -> None:
    """JSON has an order of its own: short names first."""
    db.run("create table parcels (weight_in_grams int, sender text, id int primary key, to_whom text)")
    db.run("select audit.track('parcels', entity => 'parcel')")
    db.run("insert into parcels values (200, 'Ada', 1, 'Grace')")
    db.run("alter table parcels add column at date")
    db.run("update parcels set weight_in_grams = 300, sender = 'Mei', at = '2026-11-01'")
    row = {"entity": "parcel", "schema_name": "public", "table_name": "parcels", "record_id": "2"}
    (loaded,) = imported(db, row | {"after": {"id": 2, "origin": "?", "weight_in_grams": 5, "sender": "Sam"}})
    created, changed = (event["event_id"] for event in db.events("entity = 'parcel' and record_id = '1'"))
    browser = visitor("auditor")
    assert fields(browser.get(f"{REPORT}/records/parcel/1")) == ["weight in grams", "sender", "id", "to whom", "at"]
    assert fields(browser.get(f"{REPORT}/events/{created}")) == ["weight in grams", "sender", "id", "to whom"]
    assert fields(browser.get(f"{REPORT}/events/{changed}")) == ["weight in grams", "sender", "at", "id", "to whom"]
    assert fields(browser.get(f"{REPORT}/events/{loaded}")) == ["weight in grams", "sender", "id", "origin"]


def fields(html: str) -> list[str]:
    """The names of the fields of a page, from its top."""
    found = re.findall(r'<tr class="(?:changed|added|removed|same)"><th scope="row">(.+?)</th>', html)
    return [re.sub("<.+?>", "", name) for name in found]


def test_a_group_has_the_members_of_then_and_a_user_their_permissions(db: Database, visitor: Visitor) -> None:
    app = db.connect("app")
    app.execute("insert into contacts (id, first_name) values (7, 'Ada'), (8, 'Grace'), (9, 'Edsger')")
    app.execute("insert into groups (id, name) values (1, 'Press'), (2, 'Board')")
    app.execute("insert into contact_groups (group_id, contact_id) values (1, 7), (1, 8)")
    both = db.last()["event_id"]
    app.execute("update contact_groups set group_id = 2 where contact_id = 8")
    app.execute("delete from contact_groups where contact_id = 7")
    app.execute("insert into contact_groups (group_id, contact_id) values (1, 9), (1, 7)")
    app.execute("delete from contact_groups where contact_id = 9")
    app.execute("insert into user_permissions (user_id, permission) values (3, 'audit.view')")
    browser = visitor("admin")
    words = text_of(browser.get(f"{REPORT}/records/group/1"))
    assert re.search(r"1 member ?Ada since [^,]+, [0-9:]+ UTC, by app", words)
    words = text_of(browser.get(f"{REPORT}/records/group/1?at={both}"))
    assert re.search(r"2 members then ?Grace since .+Ada since ", words)
    assert "1 permission" in text_of(browser.get(f"{REPORT}/records/user/3"))
    assert " member" not in text_of(browser.get(f"{REPORT}/records/contact/7")).partition("Who touched it")[0]


def test_what_restoring_would_run_is_shown_and_brings_that_state_back(db: Database, visitor: Visitor) -> None:
    _, changed, _, _ = a_life(db)
    browser = visitor("auditor")
    for page, phone in ((f"{ADA}?at={changed}", "2"), (ADA, "3")):
        html = browser.get(page)
        assert "What would" in html
        shown = re.findall(r'<pre class="json" tabindex="0">(.*?)</pre>', html, re.S)
        assert len(shown) == 1
        assert db.value("select count(*) from contacts") == 0  # it was not run
        with db.connect("postgres", autocommit=False) as connection:
            connection.execute(unescape(shown[0]).encode())
            assert connection.execute("select phone from contacts").fetchall() == [(phone,)]
            connection.rollback()


def test_masked_values_are_neither_shown_nor_restored(db: Database, visitor: Visitor) -> None:
    db.run("update users set password_hash = 'fourty-two', name = 'Oskar Berg' where id = 3")
    event_id = db.last()["event_id"]
    html = visitor("auditor").get(f"{REPORT}/records/user/3?at={event_id}")
    assert "password hash Changed. The value is never stored." in text_of(html)
    assert "fourty-two" not in html
    created = db.events("entity = 'user' and record_id = '3'")[0]["event_id"]
    html = visitor("auditor").get(f"{REPORT}/records/user/3?at={created}")
    assert "update public.users set name" in unescape(html)
    assert "password_hash =" not in html


def test_a_way_back_that_cannot_be_told_says_why(db: Database, visitor: Visitor) -> None:
    a_life(db)
    db.run("select audit.untrack('contacts')")
    assert "is not tracked" in text_of(visitor("auditor").get(ADA))


def test_every_key_has_its_page(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    for key in ("a/b", '["a", 1]', "100%", "ä😀", "a//b", "https://example.org/a?b=c&d#e"):
        (own,) = imported(db, {"record_id": key, "record_label": f"Named {key}"})
        page = browser.get(f"{REPORT}/events/{own}")
        (to_it,) = {unescape(found) for found in re.findall(r'href="([^"]+/records/[^"]+)"', page)}
        assert event_ids(browser.get(to_it)) == [own], key
        assert event_ids(browser.get(f"{to_it}&at={own}")) == [own], key


def test_a_long_life_is_read_page_by_page(db: Database, visitor: Visitor) -> None:
    many(db, 1)
    app = db.connect("app")
    app.execute("insert into contacts (id, first_name) values (1, 'Ada')")
    for n in range(55):
        app.execute("update contacts set phone = %s where id = 1", (str(n),))
    browser = visitor("auditor")
    first = browser.get(f"{REPORT}/records/contact/1")
    older = link(first, "next")
    assert older
    second = browser.get(older)
    assert len(event_ids(first)) == 50
    assert len(event_ids(first + second)) == len(set(event_ids(first + second))) == 57
    back = link(second, "prev")
    assert back
    assert event_ids(browser.get(back)) == event_ids(first)
    created = db.events("record_id = '1' and entity = 'contact' and imported_at is null")[0]["event_id"]
    assert "More than 50 changes lie in between" in browser.get(f"{REPORT}/records/contact/1?at={created}")


def test_an_unknown_record_is_a_page_that_says_so(db: Database, visitor: Visitor) -> None:
    a_life(db)
    user_event = db.events("entity = 'user'")[0]["event_id"]
    browser = visitor("auditor")
    for path in ("contact/8", "nonsense/7", "contact/%00", "contact/" + "x" * 2001):
        assert "Nothing is recorded about this" in browser.get(f"{REPORT}/records/{path}", 404)
    assert "There is no such page or event" in text_of(browser.get(f"{ADA}?at={user_event}", 404))
    assert "is not the number of an event" in browser.get(f"{ADA}?at=never", 400)
    db.run("update users set categories = '{groups}' where id = 2")
    assert "Your account is limited to Groups" in browser.get(ADA, 404)
