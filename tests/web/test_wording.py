"""Every event in words that a person understands."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Browser, Database
from tests.web.reading import (
    REPORT,
    address,
    detail,
    download,
    event_ids,
    imported,
    newest,
    row_text,
)

Visitor = Callable[..., Browser]


# -- what happened to records --------------------------------------------------------------------


def test_each_change_of_a_record_is_a_sentence(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    app = db.connect("app", application_name="crm")
    app.execute("insert into contacts (id, first_name, last_name, phone) values (7, 'Ada', 'Lovelace', '1')")
    assert "app via crm, no person named created contact Ada Lovelace" in newest(browser)
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
    assert "Somebody failed to sign in as Mei Tanaka from 127.0.0.1 · wrong password" in newest(watching)
    visitor().sign_in("nobody@example.org", status=401)
    assert "Somebody failed to sign in from 127.0.0.1 · no such user" in newest(watching)
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
    assert "Mei Tanaka login web exported the audit log 1 row · CSV · only category contacts" in begun
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
    assert "set up capture of public.invoices" in newest(browser)
    db.run("select audit.untrack('invoices')")
    assert "stopped capture of public.invoices" in newest(browser)


@pytest.mark.parametrize(
    ("did", "says", "tone"),
    [
        ("break", "damaged capture of public.contacts A trigger is off.", "bad"),
        ("mend", "restored capture of public.contacts", "good"),
        ("drop", "dropped the tracked table public.contacts", "bad"),
    ],
)
def test_what_was_done_to_the_capture_has_its_own_words(
    db: Database, visitor: Visitor, did: str, says: str, tone: str
) -> None:
    details = {"did": did, "command": "ALTER TABLE", "schema_name": "public", "table_name": "contacts"}
    details |= {"problem": "A trigger is off."} if did == "break" else {}
    db.run("select audit.record_event('contact', 'configure', details => %s)", Jsonb(details))
    browser = visitor("auditor")
    page = browser.get(address(action="configure"))
    event_id = event_ids(page)[0]
    assert f"postgres no person named {says} Details" in row_text(page, event_id)
    assert f'<span class="verb {tone} ">' in page
    words = detail(browser, event_id)
    assert f"postgres {says.partition(' A ')[0]}" in words
    assert "Command: ALTER TABLE" in words
    assert f"did: {did}" not in words.casefold()


def test_capture_that_is_damaged_and_restored_says_so(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run('alter table contacts disable trigger "!audit_capture"')
    assert "damaged capture of public.contacts A capture trigger is switched off" in newest(browser)
    db.run('alter table contacts enable always trigger "!audit_capture"')
    assert "restored capture of public.contacts" in newest(browser)
    db.run("drop table contact_groups cascade")
    assert "dropped the tracked table public.contact_groups" in newest(browser)


def test_a_sign_marks_what_happened_to_records_and_nothing_else(db: Database, visitor: Visitor) -> None:
    visitor("plain").get(REPORT, 403)
    app = db.connect("app")
    app.execute("insert into contacts (first_name) values ('Ada')")
    app.execute("delete from contacts")
    page = visitor("auditor").get(REPORT)
    found = re.findall(r'<span class="verb ([a-z ]+)">([^<]+)<', page)
    assert {("good plus", "created"), ("bad minus", "deleted"), ("bad ", "was denied")} <= set(found)


def test_a_key_that_is_no_number_is_not_called_one(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    key = "09229ddd-7bc6-4cdd-9891-6eddb7de2786"
    (named, numbered) = imported(db, {"record_id": key}, {"record_id": "7"})
    page = browser.get(address(to="2026-01-15"))
    assert f"created contact {key}" in row_text(page, named)
    assert "created contact number 7" in row_text(page, numbered)
    assert f"created contact {key}" in detail(browser, named)


def test_whoever_imported_an_event_is_not_its_author(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    (nobody, mei) = imported(db, {}, {"actor_id": "2", "actor_name": "Mei Tanaka"})
    page = browser.get(address(to="2026-01-15"))
    assert "Somebody imported by postgres created contact" in row_text(page, nobody)
    assert "Mei Tanaka imported by postgres created contact" in row_text(page, mei)
    words = detail(browser, nobody)
    assert "Somebody created contact" in words
    assert "Imported by postgres" in words
    assert "Transaction of the import" in words
    assert "Address of the database client not stated" in words
    assert "Login that PostgreSQL authenticated" not in words
    assert "a claim of the other system" in detail(browser, mei)


def test_a_row_without_changed_fields_has_an_empty_cell(db: Database, visitor: Visitor) -> None:
    imported(db, {})
    assert '<td class="fields"></td>' in visitor("auditor").get(address(to="2026-01-15"))


@pytest.mark.parametrize("category", ["contacts", "settings", "access"])
def test_every_event_of_a_page_has_a_page_of_its_own(db: Database, visitor: Visitor, category: str) -> None:
    db.connect("app").execute("insert into contacts (first_name) values ('Ada')")
    browser = visitor("auditor")
    shown = event_ids(browser.get(address(category=category)))
    assert shown
    for event_id in shown:
        assert f"Event {event_id}" in detail(browser, event_id)
