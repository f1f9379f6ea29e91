"""Asking that the log forget, on the pages: never both people there."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Browser, Database, csrf_token
from tests.web.reading import text_of
from tests.web.test_finding import search
from tests.web.test_saved_views import save

Visitor = Callable[..., Browser]
ERASURES = "/reports/audit-log/erasures"


def eraser(db: Database, visitor: Visitor, who: str = "auditor", number: int = 2) -> Browser:
    db.run("insert into user_permissions values (%s, 'audit.erase')", number)
    return visitor(who)


def test_who_may_erase_asks_on_the_page_of_a_record_and_a_login_approves(db: Database, visitor: Visitor) -> None:
    db.run("insert into contacts (id, first_name) values (42, 'Wilhelmina')")
    browser = eraser(db, visitor)
    assert f'href="{ERASURES}' in browser.get("/reports/")
    assert "Nobody has asked to erase anything yet" in browser.get(ERASURES)
    page = browser.get("/reports/audit-log/records/contact/42")
    assert "Ask that the log forget it" in page
    fields = {"csrf_token": csrf_token(page), "entity": "contact", "record": "42", "reason": "letter <17>"}

    for change, status, said in (
        ({"reason": " "}, 400, "A request to erase needs a reason of 3 to 500 characters."),
        ({"record": "4711"}, 404, "The log holds nothing of contact 4711."),
    ):
        refused = browser.client.post(ERASURES, data=fields | change)
        assert (refused.status_code, said in refused.text) == (status, True)
    asked = browser.client.post(ERASURES, data=fields)
    assert (asked.status_code, asked.location) == (303, f"{ERASURES}/1")
    again = browser.client.post(ERASURES, data=fields)
    assert (again.status_code, "there is a request to erase contact 42 already" in again.text.lower()) == (409, True)

    shown = browser.get(f"{ERASURES}/1")
    assert "1 event about the record" in shown
    assert "letter &lt;17&gt;" in shown
    assert "What stays out of reach" in shown
    assert "auditlog erase --approve 1" in shown
    assert f"{ERASURES}/1/approve" not in shown
    forced = browser.client.post(f"{ERASURES}/1/approve", data=fields)
    assert (forced.status_code, "somebody else must approve it" in forced.text) == (403, True)
    event = db.events("action = 'erase'")[-1]
    assert (event["actor_id"], event["context"]["erase"]["requested_by"]) == ("2", "account 2")

    db.connect("admin").execute("select audit.approve_erasure(1)")
    assert "approved by login admin" in browser.get(f"{ERASURES}/1")
    assert "Wilhelmina" not in browser.get("/reports/audit-log")
    assert browser.client.post(f"{ERASURES}/1/withdraw", data=fields).status_code == 409


def test_what_a_login_asked_is_approved_or_withdrawn_on_the_page_after_a_proof(db: Database, visitor: Visitor) -> None:
    db.run("insert into contacts (id, first_name) values (42, 'Wilhelmina'), (43, 'Henrietta')")
    admin = db.connect("admin")
    for record in ("42", "43"):
        admin.execute("select audit.request_erasure('contact', %s, 'letter')", (record,))
    browser = eraser(db, visitor)
    page = browser.get(f"{ERASURES}/1")
    assert "Erase contact 42" in page
    fields = {"csrf_token": csrf_token(page)}
    db.run("update audit.web_sessions set authenticated_at = now() - interval '16 minutes'")
    waits = browser.client.post(f"{ERASURES}/1/approve", data=fields)
    assert (waits.status_code, "Confirm that it is you" in waits.text) == (401, True)
    db.run("update audit.web_sessions set authenticated_at = now()")
    for number, verb in ((1, "approve"), (2, "withdraw")):
        done = browser.client.post(f"{ERASURES}/{number}/{verb}", data=fields)
        assert (done.status_code, done.location) == (303, f"{ERASURES}/{number}")
    assert "Erased on" in browser.get(f"{ERASURES}/1")
    assert "withdrawn on" in browser.get(ERASURES)
    logged = db.value("select string_agg(l::text, '') from audit.log l")
    assert ("Wilhelmina" in logged, "Henrietta" in logged) == (False, True)


def test_a_request_beyond_the_limits_of_an_account_is_not_there(db: Database, visitor: Visitor) -> None:
    db.run("insert into contacts (id, first_name) values (42, 'Wilhelmina')")
    db.connect("admin").execute("select audit.request_erasure('contact', '42', 'letter')")
    db.run("update users set categories = '{users}' where id = 2")
    browser = eraser(db, visitor)
    page = browser.get(ERASURES)
    assert "Nobody has asked" in page
    fields = {"csrf_token": csrf_token(page), "entity": "contact", "record": "42", "reason": "letter"}
    assert browser.client.post(ERASURES, data=fields).status_code == 404
    assert browser.client.get(f"{ERASURES}/1").status_code == 404
    assert browser.client.get(f"{ERASURES}/{2**63}").status_code == 404
    for verb in ("approve", "withdraw"):
        assert browser.client.post(f"{ERASURES}/1/{verb}", data=fields).status_code == 404


def test_what_people_keep_to_look_for_an_erased_person_goes_too(db: Database, visitor: Visitor) -> None:
    db.run("insert into contacts (id, first_name) values (42, 'Wilhelmina'), (43, 'Henrietta')")
    browser = eraser(db, visitor)
    for query, name in (
        ("wilhelm", "One"),
        ("record:42 entity:contact", "Two"),
        ("henrietta", "Three"),
        ("-field:email", "Four"),
    ):
        save(browser, query, name)
    search(browser, "mina action:update")
    assert db.value("select count(*) from audit.views where name is null") > 0
    admin = db.connect("admin")
    admin.execute("select audit.request_erasure('contact', '42', 'letter 17')")
    kept = db.value("select count(*) from audit.views where query ~ 'wilhelm|42|mina'")
    assert f"{kept} saved or recent searches for it: all of it" in text_of(browser.get(f"{ERASURES}/1"))
    db.run("select audit.approve_erasure(1)")
    assert [row[0] for row in db.run("select name from audit.views where name is not null order by 1")] == [
        "Four",
        "Three",
    ]
    assert db.value("select count(*) from audit.views where query ~ 'wilhelm|42|mina'") == 0


def test_a_log_too_large_for_a_page_sends_to_the_command(db: Database, visitor: Visitor) -> None:
    db.run("insert into contacts (id, first_name) values (42, 'Wilhelmina')")
    db.connect("admin").execute("select audit.request_erasure('contact', '42', 'letter 17')")
    browser = eraser(db, visitor)
    db.run(
        "create or replace function audit.erasure_events(erasure audit.erasures) returns table (event_id bigint, kind text) "
        "language plpgsql stable as $$ begin raise query_canceled; end $$"  # as a statement that takes too long ends
    )
    page = browser.get(f"{ERASURES}/1")
    assert "auditlog erase --preview 1 does" in text_of(page)
    answer = browser.client.post(f"{ERASURES}/1/approve", data={"csrf_token": csrf_token(page)})
    assert (answer.status_code, "The log is too large for a page" in answer.text) == (503, True)
