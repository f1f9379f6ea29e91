"""Every event in words that a person understands, and nothing that an event holds breaks a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import html5lib
import pytest
from flask import Flask

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, address, download, event_ids, imported, link, row_text, text_of

Visitor = Callable[..., Browser]
ROW = {"schema_name": "public", "table_name": "contacts", "record_id": "7", "record_label": "Ada Lovelace"}


def newest(browser: Browser, page: str = REPORT) -> str:
    """The top row, as a person reads it."""
    html = browser.get(page)
    return row_text(html, event_ids(html)[0])


def detail(browser: Browser, event_id: int) -> str:
    """The page of one event, as a person reads it."""
    document = html5lib.parse(browser.get(f"{REPORT}/events/{event_id}"), namespaceHTMLElements=False)
    body = document.find("body")
    assert body is not None
    return " ".join(" ".join(body.itertext()).split())


# -- what happened to records --------------------------------------------------------------------


def test_each_change_of_a_record_is_a_sentence(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    app = db.connect("app", application_name="crm")
    app.execute("insert into contacts (id, first_name, last_name, phone) values (7, 'Ada', 'Lovelace', '1')")
    assert "app a login in crm; no person named created contact Ada Lovelace" in newest(browser)
    with app.transaction():
        app.execute("select audit.set_actor('2', 'Mei Tanaka')")
        app.execute("update contacts set phone = '2', company = 'Acme' where id = 7")
    top = newest(browser)
    assert "Mei Tanaka login app changed contact Ada Lovelace" in top
    assert "company empty → became Acme" in top
    assert "phone 1 → became 2" in top
    app.execute("delete from contacts where id = 7")
    assert "deleted contact Ada Lovelace" in newest(browser)


def test_many_changed_fields_are_cut_with_their_number(db: Database, visitor: Visitor) -> None:
    app = db.connect("app")
    app.execute("insert into contacts (id) values (7)")
    app.execute("update contacts set first_name = 'A', last_name = 'B', phone = '1', company = 'C', notes = 'N'")
    top = newest(visitor("auditor"), address(action="update", category="contacts"))
    assert "company empty → became C" in top
    assert "and 2 more" in top
    assert "phone" not in top


def test_an_emptied_table_is_said_to_be_one(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    app = db.connect("app")
    app.execute("insert into contacts (first_name) values ('Ada')")
    app.execute("truncate contacts cascade")
    assert "deleted contact Ada the whole table was emptied" in newest(browser, address(action="truncate"))


def test_a_baseline_is_no_creation(db: Database, visitor: Visitor) -> None:
    db.run("create table invoices (id int primary key, number text); insert into invoices values (1, 'R-1')")
    db.run("select audit.track('invoices', entity => 'invoice', label => '{number}', baseline => true)")
    assert "found invoice R-1 there when capture began" in newest(visitor("auditor"), address(action="baseline"))


def test_memberships_name_contact_and_group(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    app = db.connect("app")
    app.execute("insert into contacts (id, first_name, last_name) values (7, 'Ada', 'Lovelace')")
    app.execute("insert into groups (id, name) values (3, 'Press')")
    app.execute("insert into contact_groups (contact_id, group_id) values (7, 3)")
    assert "added member Ada Lovelace to group Press" in newest(browser)
    app.execute("delete from contact_groups")
    assert "removed member Ada Lovelace from group Press" in newest(browser)


def test_permissions_name_person_and_permission(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("insert into user_permissions values (3, 'audit.view')")
    assert "added permission audit.view to user Oskar Lind" in newest(browser)
    db.run("delete from user_permissions")
    assert "removed permission audit.view from user Oskar Lind" in newest(browser)


def test_a_key_is_shown_with_the_name_behind_it(db: Database, visitor: Visitor) -> None:
    db.run("insert into contacts (id, first_name, owner_id) values (7, 'Ada', 1)")
    db.run("update contacts set owner_id = 2")
    browser = visitor("auditor")
    assert "owner id Alex Morgan (1) → became Mei Tanaka (2)" in newest(
        browser, address(action="update", entity="contact")
    )


# -- what happened to the report -----------------------------------------------------------------


def test_sign_ins_and_refusals_are_sentences(db: Database, visitor: Visitor) -> None:
    watching = visitor("admin")
    assert "Alex Morgan login web signed in" in newest(watching)
    visitor().sign_in("mei@example.org", "wrong password", status=401)
    assert "failed to sign in" in newest(watching)
    plain = visitor("plain")
    plain.get(f"{REPORT}/health", status=403)
    assert "Oskar Lind login web was denied the page /reports/audit-log/health" in newest(watching)
    plain.post("/logout", page="/reports/")
    assert "Oskar Lind login web signed out" in newest(watching)


def test_exports_are_sentences(db: Database, visitor: Visitor) -> None:
    db.connect("app").execute("insert into contacts (first_name) values ('Ada')")
    browser = visitor("auditor")
    download(browser, address(category="contacts"))
    html = browser.get(address(category="exports"))
    ended, begun = (row_text(html, event_id) for event_id in event_ids(html))
    assert "Mei Tanaka login web exported the audit log CSV · only tz UTC, category contacts" in begun
    assert "Mei Tanaka login web finished exporting the audit log 1 row" in ended


def test_exports_by_applications_are_sentences(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("select audit.allow_export('contact', 'app')")
    assert "let app export contact records" in newest(browser)
    app = db.connect("app")
    app.execute("""select audit.request_export('contact', '{"company": "Acme"}', 'xlsx', 'yearly letter')""")
    assert "exported contact records 0 rows · XLSX · only company Acme · yearly letter" in newest(browser)
    db.run("select audit.deny_export('contact', 'app')")
    assert "no longer lets app export contact records" in newest(browser)


def test_changes_of_the_capture_are_sentences(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("create table invoices (id int primary key); select audit.track('invoices', entity => 'invoice')")
    assert "started or changed capture of public.invoices" in newest(browser)
    db.run("select audit.untrack('invoices')")
    assert "stopped capture of public.invoices" in newest(browser)


@pytest.mark.parametrize("category", ["contacts", "settings", "access"])
def test_every_event_of_a_page_has_a_page_of_its_own(db: Database, visitor: Visitor, category: str) -> None:
    db.connect("app").execute("insert into contacts (first_name) values ('Ada')")
    browser = visitor("auditor")
    shown = event_ids(browser.get(address(category=category)))
    assert shown
    for event_id in shown:
        assert f"Event {event_id}" in detail(browser, event_id)


# -- imported events hold anything ---------------------------------------------------------------

ODD: dict[str, dict[str, Any]] = {
    "details are a text": {"action": "export", "context": {"export": "text"}},
    "details are a list": {"action": "export", "context": {"export": [1]}},
    "details are nothing": {"action": "export", "context": {"export": None}},
    "filter is a text": {"action": "export", "context": {"export": {"filter": "x"}}},
    "filter is deep": {"action": "export", "context": {"export": {"filter": {"a": {"b": [1, None, {"c": []}]}}}}},
    "count is a text": {"action": "export", "context": {"export": {"row_count": "many", "format": 7}}},
    "count is huge": {"action": "export", "context": {"export": {"row_count": 10**400}}},
    "ends without an outcome": {"action": "export", "context": {"export": {"completes": {}, "outcome": [1]}}},
    "settings are numbers": {"action": "configure", "context": {"configure": {"schema_name": 5, "table_name": [1]}}},
    "settings did a list": {"action": "configure", "context": {"configure": {"did": ["track"]}}},
    "path is a list": {"action": "denied", "context": {"denied": {"path": [1, 2]}}},
    "reason is an object": {"action": "sign_in_failed", "context": {"sign_in_failed": {"reason": {}}}},
    "context is empty": {"action": "view", "context": {}},
    "context is deep": {"action": "view", "context": {"a": {"b": {"c": [[], {}, None, True, 1.5]}}, "": {"": ""}}},
    "erased": {"action": "erase"},
    "archived": {"action": "retain"},
    "member without anything": {"schema_name": "public", "table_name": "contact_groups", "after": {}},
    "member of odd things": {
        "schema_name": "public",
        "table_name": "contact_groups",
        "after": {"contact_id": {"x": [1]}, "group_id": [1], "added_at": True},
    },
    "key is an object": {**ROW, "after": {"id": {"a": 1}, "owner_id": [1, {}]}},
    "field that is not there": {
        **ROW,
        "action": "update",
        "before": {"a": 1},
        "after": {"a": 2},
        "changed_fields": ["nowhere", "a", "a", ""],
    },
    "field without a name": {
        **ROW,
        "action": "update",
        "before": {"a": 1},
        "after": {"a": 2},
        "changed_fields": [None, "a"],
    },
    "fields within fields": {
        **ROW,
        "action": "update",
        "before": {"a": 1},
        "after": {"a": 2},
        "changed_fields": [["a", "b"], ["c", "d"]],
    },
    "kind with a slash": {"entity": "a/b", "record_id": "c/d"},
    "kind without a name": {"entity": ""},
    "record without a number": {"record_id": "", "record_label": ""},
    "actor without a number": {"actor_id": "", "actor_name": ""},
    "long ago": {"occurred_at": "1900-01-01T00:00:00Z"},
}


def test_no_imported_event_breaks_a_page_or_the_export(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    broken: dict[str, int] = {}
    for name, event in ODD.items():
        (event_id,) = imported(db, event)
        login = address(login="postgres", from_=event.get("occurred_at", "2026-01-15")[:10], to="2026-01-15")
        for path in (login, f"{REPORT}/events/{event_id}"):
            status = browser.client.get(path).status_code
            if status != 200:
                broken[f"{name}: {path}"] = status
    assert broken == {}
    page = browser.get(address(to="2026-01-15"))
    assert len(event_ids(page)) == len(ODD)
    assert download(browser, address(to="2026-01-15"))


# -- hostile text --------------------------------------------------------------------------------

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "template": "{{ 7 * 7 }}{% raw %}",
    "entity": "&lt;b&gt; & &amp;",
    "very long": "Ada" * 60,
    "right to left": "עדה \u202e<b>evil",
    "emoji": "👩🏽‍💻🏳️‍🌈",
    "address": "javascript:alert(1)",
    "path": "../../x?y=1#z",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_only_text(db: Database, visitor: Visitor, name: str) -> None:
    texts = ["actor_id", "actor_name", "application", "request_id", "record_id", "record_label", "entity"]
    everywhere = dict.fromkeys([*texts, "schema_name", "table_name"], name)
    images: dict[str, Any] = {"before": {name: name, "b": 1}, "after": {name: {name: name}, "b": 2}}
    (changed,) = imported(db, {"action": "update", **everywhere, **images, "context": {name: {name: name}}})
    (exported,) = imported(
        db,
        {
            "action": "export",
            **dict.fromkeys(texts, name),
            "context": {"export": {"filter": {name: name}, "format": name, "reason": name}},
        },
    )
    browser = visitor("auditor")
    words = " ".join(name.split())
    html = browser.get(address(to="2026-01-15"))  # get() checks that nothing is inline and the page valid
    for event_id in (changed, exported):
        assert words in row_text(html, event_id)
        page = browser.get(f"{REPORT}/events/{event_id}")
        assert text_of(page).count(words) >= 3
        assert "<script>alert" not in page
        assert 'href="javascript' not in page
    assert "<script>alert" not in html
    assert "<b>evil" not in html


# -- the page of one event -----------------------------------------------------------------------


def test_an_event_shows_what_changed_and_folds_what_did_not(db: Database, visitor: Visitor) -> None:
    app = db.connect("app", application_name="crm")
    app.execute("insert into contacts (id, first_name, phone, tags) values (7, 'Ada', '1', '{a}')")
    with app.transaction():
        app.execute("""select audit.set_actor('2', 'Mei Tanaka', 'req-1', '{"ip": "203.0.113.7"}')""")
        app.execute("update contacts set phone = '2', tags = '{a,b}', email = 'ada@example.org'")
    words = detail(visitor("auditor"), db.events("action = 'update'")[-1]["event_id"])
    assert "Mei Tanaka changed contact Ada" in words
    assert "What changed" in words
    assert "phone 1 2" in words
    assert "tags a a, b" in words
    assert "email empty ada@example.org" in words
    assert "9 fields that stayed as they were" in words
    assert "Mei Tanaka (2) a claim of the application" in words
    assert "Request req-1" in words
    assert "Ip 203.0.113.7" in words
    assert "Application crm" in words


def test_a_changed_password_is_said_to_have_changed_and_nothing_more(db: Database, visitor: Visitor) -> None:
    db.run("update users set password_hash = 'fourty-two' where id = 3")
    event_id = db.last()["event_id"]
    browser = visitor("auditor")
    html = browser.get(f"{REPORT}/events/{event_id}")
    assert "password hash Changed. The value is never stored." in text_of(html)
    assert "fourty-two" not in html
    assert "argon2" not in html
    assert "password hash changed, the value is never stored" in row_text(
        browser.get(address(entity="user", action="update")), event_id
    )


def test_a_created_user_has_a_hidden_password(db: Database, visitor: Visitor) -> None:
    event_id = db.events("entity = 'user' and action = 'insert'")[-1]["event_id"]
    words = detail(visitor("auditor"), event_id)
    assert "What was added" in words
    assert "password hash hidden" in words


def test_a_deletion_shows_what_was_removed(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("insert into contacts (id, first_name) values (7, 'Ada')")
    db.run("delete from contacts")
    words = detail(browser, db.last()["event_id"])
    assert "What was removed" in words
    assert "first name Ada" in words


def test_an_unknown_event_is_a_page_that_says_so(visitor: Visitor) -> None:
    assert "There is no such page or event" in text_of(visitor("auditor").get(f"{REPORT}/events/987654321", 404))


def test_an_event_without_a_person_says_that_nobody_was_named(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.connect("app").execute("insert into contacts (first_name) values ('Ada')")
    words = detail(browser, db.last()["event_id"])
    assert "app created contact Ada" in words
    assert "Person named by the application nobody was named" in words
    assert "Login that PostgreSQL authenticated app" in words


def test_an_imported_event_is_marked_as_one(db: Database, visitor: Visitor) -> None:
    (event_id,) = imported(db, ROW)
    browser = visitor("auditor")
    assert "imported" in row_text(browser.get(address(record="7")), event_id)
    assert "from another system: not captured here" in detail(browser, event_id)


# -- ways from here ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["7", "a/b", 'x y&z?q="1"#é', '["a", "b"]'])
def test_record_and_actor_addresses_lead_to_the_narrowed_report(db: Database, visitor: Visitor, number: str) -> None:
    (wanted, _) = imported(db, {"record_id": number, "actor_id": number}, {"record_id": "8", "actor_id": "8"})
    browser = visitor("auditor")
    html = browser.get(address(category="contacts"))
    for kind in ("records", "actors"):
        links = set(re.findall(rf'href="(/reports/audit-log/{kind}/[^"]+)"', html))
        assert len(links) == 2
        found: list[list[int]] = []
        for href in links:
            response = browser.client.get(href.replace("&#34;", '"').replace("&amp;", "&"))
            assert response.status_code == 302
            assert response.location.startswith(f"{REPORT}?")
            found.append(event_ids(browser.get(response.location)))
        assert [wanted] in found
    assert link(html, "next") is None


# -- health --------------------------------------------------------------------------------------


def test_health_is_said_in_words(db: Database, visitor: Visitor) -> None:
    words = text_of(visitor("auditor").get(f"{REPORT}/health"))
    assert "All is well. Every change to 5 tables is recorded." in words
    assert "public.contactscontact" in words
    assert "none yet" in words
    assert "Problem" not in words


@pytest.mark.parametrize(
    ("breaking", "says"),
    [
        ("alter table contacts disable trigger audit_capture", "A capture trigger is switched off"),
        ("alter table contacts disable trigger all", "A capture trigger is switched off"),
        ("drop trigger audit_capture on contacts", "A capture trigger is missing"),
        (
            "alter event trigger audit_follow_ddl disable; alter table contacts add column shoe_size int",
            "Columns have changed since capture was set up",
        ),
        ("alter table audit.log disable trigger refuse_mutation", "The guard that keeps the log append-only"),
    ],
)
def test_a_capture_that_is_not_whole_is_said_in_words(
    db: Database, app: Flask, visitor: Visitor, breaking: str, says: str
) -> None:
    db.run(breaking)
    words = text_of(visitor("auditor").get(f"{REPORT}/health"))
    assert "Capture is not whole. 1 thing needs a database administrator." in words
    assert f"Problem {says}" in words
    assert "All is well" not in words
