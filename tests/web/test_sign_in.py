"""Signing in and out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest

from tests.conftest import PASSWORD, PASSWORD_HASH, Browser, Database, csrf_token
from tests.web.reading import text_of
from webapp import create_app
from webapp.config import Settings

Visitor = Callable[..., Browser]


def attempt(browser: Browser, login: str, password: str, **fields: str) -> tuple[int, str]:
    token = csrf_token(browser.get("/login"))
    data = {"csrf_token": token, "login": login, "password": password, **fields}
    response = browser.client.post("/login", data=data)
    return response.status_code, text_of(response.text)


def test_the_right_password_leads_to_the_reports_and_is_recorded(db: Database, visitor: Visitor) -> None:
    response = visitor().post("/login", login="  MEI@example.org ", password=PASSWORD)
    assert response.location == "/reports/"
    event = db.last()
    assert (event["action"], event["entity"], event["record_id"]) == ("sign_in", "user", "2")
    assert (event["actor_id"], event["actor_name"], event["db_user"]) == ("2", "Mei Tanaka", "web")


def test_wrong_unknown_and_disabled_are_told_the_same(db: Database, visitor: Visitor) -> None:
    db.run("update users set active = false where id = 3")
    answers = {
        attempt(visitor(), "mei@example.org", "not her password"),
        attempt(visitor(), "nobody@example.org", PASSWORD),
        attempt(visitor(), "oskar@example.org", PASSWORD),
    }
    assert len(answers) == 1
    status, page = answers.pop()
    assert status == 401
    assert "do not match" in page


def test_a_failure_is_recorded_without_what_was_typed(db: Database, visitor: Visitor) -> None:
    attempt(visitor(), "my secret pass phrase", "typed into the wrong box")
    event = db.last()
    assert (event["action"], event["actor_id"], event["record_id"]) == ("sign_in_failed", None, None)
    assert "secret" not in str(event)
    assert "wrong box" not in str(event)


@pytest.mark.parametrize(
    ("login", "password", "active", "reason", "account"),
    [
        ("typed@example.org", PASSWORD, True, "unknown_login", (None, None)),
        (" MEI@example.org", "typed password", True, "wrong_password", ("2", "Mei Tanaka")),
        ("mei@example.org", "typed password", False, "wrong_password", ("2", "Mei Tanaka")),
        ("mei@example.org", PASSWORD, False, "disabled", ("2", "Mei Tanaka")),
    ],
)
def test_a_failure_is_recorded_with_its_reason_and_the_account_it_was_tried_on(
    db: Database, visitor: Visitor, login: str, password: str, active: bool, reason: str, account: tuple[str, str]
) -> None:
    db.run("update users set active = %s where id = 2", active)
    before = len(db.events())
    _, page = attempt(visitor(), login, password)
    (event,) = db.events()[before:]
    assert event["context"]["sign_in_failed"] == {"reason": reason, "method": "password", "ip": "127.0.0.1"}
    assert (event["record_id"], event["record_label"], event["actor_id"]) == (*account, None)
    assert "typed" not in str(event), "what was typed may be a password"
    for told in ("disabled", "wrong password", "no such", "Mei"):
        assert told not in page


def test_after_a_wrong_password_typing_goes_on_in_the_password(visitor: Visitor) -> None:
    def focused(**fields: str) -> str:
        response = visitor().post("/login", **fields, status=401 if len(fields) > 1 else 400)
        (tag,) = re.findall(r"<input [^>]*autofocus[^>]*>", response.text)
        return re.findall(r'name="(\w+)"', tag)[0]

    assert focused(login="mei@example.org", password="wrong") == "password"
    assert focused(login="mei@example.org") == "password"
    assert focused(password=PASSWORD) == "login"


@pytest.mark.parametrize(
    ("login", "password"),
    [("", PASSWORD), ("mei@example.org", ""), ("x" * 201, PASSWORD), ("mei@example.org", "x" * 129)],
)
def test_an_unfinished_form_says_what_is_missing(visitor: Visitor, login: str, password: str) -> None:
    status, page = attempt(visitor(), login, password)
    assert status == 400
    assert "Enter your" in page or "cannot be longer" in page
    assert "Field" not in page, "it names the field"


@pytest.mark.parametrize(
    "login", ["mei\x00@example.org", "' or 1=1 --", "%", "😀@example.org", "\ud800".encode("utf-8", "replace").decode()]
)
def test_odd_logins_are_only_wrong(visitor: Visitor, login: str) -> None:
    assert attempt(visitor(), login, PASSWORD)[0] == 401


def test_passwords_are_kept_as_argon2(db: Database, people: object) -> None:
    assert {row[0].split("$")[1] for row in db.run("select password_hash from users")} == {"argon2id"}


@pytest.mark.parametrize("password_hash", ["", "plain text", "$2b$12$notargon", None])
def test_a_hash_of_another_kind_lets_nobody_in(db: Database, visitor: Visitor, password_hash: str | None) -> None:
    db.run("alter table users alter password_hash drop not null")
    db.run("update users set password_hash = %s where id = 2", password_hash)
    assert attempt(visitor(), "mei@example.org", password_hash or PASSWORD)[0] in (400, 401)


def test_signing_in_takes_a_token(db: Database, visitor: Visitor) -> None:
    browser = visitor()
    data = {"login": "mei@example.org", "password": PASSWORD}
    response = browser.client.post("/login", data=data)
    assert response.status_code == 400
    assert "The form was not complete" in response.text
    assert "Audit Log Report" in response.text
    without_cookie = visitor().client.post("/login", data={**data, "csrf_token": "made-up"})
    assert (without_cookie.status_code, "Your session was not found" in without_cookie.text) == (400, True)
    browser.get("/login")
    of_yesterday = browser.client.post("/login", data={**data, "csrf_token": "made-up"})
    assert (of_yesterday.status_code, "This page was too old" in of_yesterday.text) == (400, True)
    browser.get("/reports/", status=302)


def test_a_sign_in_that_cannot_be_recorded_does_not_happen(db: Database, visitor: Visitor) -> None:
    db.run("revoke execute on function audit.record_access from audit_web")
    browser = visitor()
    assert attempt(browser, "mei@example.org", PASSWORD)[0] == 500
    browser.get("/reports/", status=302)


@pytest.mark.parametrize(
    "path",
    [
        "/reports/audit-log",
        "/reports/audit-log?category=users&tz=Europe%2FBerlin",
        "/reports/audit-log/records/membership/%5B%227%22,%20%228%22%5D",
        "/reports/audit-log/actors/%C3%A4",
    ],
)
def test_signing_in_leads_back_to_the_page_that_was_wanted(visitor: Visitor, path: str) -> None:
    browser = visitor()
    wanted = browser.client.get(path)
    sign_in_page = browser.get(wanted.location)
    token = csrf_token(sign_in_page)
    hidden = sign_in_page.partition('name="next"')[2].partition('value="')[2].partition('"')[0].replace("&amp;", "&")
    data = {"csrf_token": token, "login": "mei@example.org", "password": PASSWORD, "next": hidden}
    assert browser.client.post("/login", data=data).location == path


@pytest.mark.parametrize("path", ["/logout", "/reports/audit-log/export", "/reports/no-such-page"])
def test_signing_in_leads_to_no_button_and_no_missing_page(visitor: Visitor, path: str) -> None:
    assert visitor().client.get(path).location == "/login"


TRICKS = [
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "https://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "HTTPS:\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/\x00/evil.example",
    "/%0d%0aLocation:%20//evil.example\r\n",
    "//[evil",
    "http://[::1",
    "/\u2215/evil.example",
    "//evil。example",
    "?next=//evil.example",
    "",
]


def test_next_cannot_leave_the_site(visitor: Visitor) -> None:
    browser = visitor("auditor")
    for trick in TRICKS:
        response = browser.client.get(f"/login?next={quote(trick)}")
        assert (response.status_code, response.location) == (302, "/reports/"), repr(trick)


def test_a_way_back_that_is_too_long_is_forgotten_on_either_way_in(
    settings: Settings, people: object, visitor: Visitor
) -> None:
    far = {"login": "mei@example.org", "password": PASSWORD, "next": "/" + "x" * 20_000}
    assert visitor().post("/login", **far).location == "/reports/"
    app = create_app(replace(settings, totp_required="everybody"))
    try:
        assert Browser(app.test_client()).post("/login", **far).location == "/login/set-up"
    finally:
        app.extensions["pool"].close()


def test_next_cannot_leave_the_site_by_the_form_either(visitor: Visitor) -> None:
    for trick in ("//evil.example", "/\\evil.example", "//[evil"):
        response = visitor().post("/login", login="mei@example.org", password=PASSWORD, next=trick)
        assert response.location == "/reports/", repr(trick)


def test_signing_out_takes_a_button_and_is_recorded(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    browser.get("/logout", status=405)
    assert browser.client.post("/logout").status_code == 400
    browser.get("/reports/")
    browser.post("/logout", page="/reports/")
    event = db.last()
    assert (event["action"], event["record_id"], event["actor_name"]) == ("sign_out", "2", "Mei Tanaka")
    browser.get("/reports/", status=302)


def test_nothing_from_before_signing_in_lives_on(visitor: Visitor) -> None:
    browser = visitor()
    token = csrf_token(browser.get("/login"))
    browser.sign_in("mei@example.org")
    assert browser.client.post("/logout", data={"csrf_token": token}).status_code == 400


def test_a_database_of_other_people_signs_them_in(db: Database, visitor: Visitor) -> None:
    db.run("create table staff (badge int, mail text, full_name text, secret text, boss boolean)")
    db.run("insert into staff values (700, 'Joan@corp.example', 'Joan Clarke', %s, true)", PASSWORD_HASH)
    db.run("insert into staff values (701, 'hugh@corp.example', 'Hugh Alexander', null, null)")
    db.run("grant select on staff to audit_owner")
    db.run(
        """create or replace view audit.web_users as
           select badge::text as user_id, lower(mail) as login, full_name as name, secret as password_hash,
                  true as active, case when boss then array['audit.view'] end as permissions,
                  null::text[] as categories from staff"""
    )
    browser = visitor().sign_in("joan@corp.example")
    assert "Joan Clarke" in browser.get("/reports/audit-log")
    assert db.last()["actor_id"] == "700"
    visitor().sign_in("hugh@corp.example", status=401)
    visitor().sign_in("mei@example.org", status=401)


def test_a_login_kept_in_capitals_is_found_as_it_is_typed(db: Database, visitor: Visitor) -> None:
    db.run(
        f"""create or replace view audit.web_users as
            select '1'::text as user_id, 'Joan@Corp.example'::text as login, 'Joan'::text as name,
                   '{PASSWORD_HASH}' as password_hash, true as active, array['audit.view'] as permissions,
                   null::text[] as categories"""
    )
    visitor().sign_in("Joan@Corp.example").get("/reports/audit-log")


def test_somebody_without_any_permission_in_such_a_database_sees_the_reason(db: Database, visitor: Visitor) -> None:
    db.run(
        f"""create or replace view audit.web_users as
            select '1'::text as user_id, 'joan'::text as login, 'Joan'::text as name,
                   '{PASSWORD_HASH}' as password_hash,
                   true as active, null::text[] as permissions, null::text[] as categories"""
    )
    browser = visitor().sign_in("joan")
    assert "No report is open to you yet" in browser.get("/reports/")
    browser.get("/reports/audit-log", status=403)
