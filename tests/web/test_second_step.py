"""Signing in with an authenticator app: setting it up, using it, losing it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from flask import Flask
from pyotp.totp import TOTP

from tests.conftest import PASSWORD, PEOPLE, Browser, Database, csrf_token
from tests.web.reading import newest, text_of
from webapp import create_app
from webapp.config import Settings
from webapp.totp import Totp

Visitor = Callable[..., Browser]
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def code(secret: str = SECRET, steps: int = 0) -> str:
    return TOTP(secret).at(time.time() + 30 * steps)


@pytest.fixture
def recovery_codes(db: Database, people: object, settings: Settings) -> list[str]:
    """Mei's, who has set up an app with SECRET."""
    with db.connect("web") as web:
        codes = Totp(settings.secret_key, "2").start(web, SECRET, code(steps=-1))
    assert codes
    return codes


@pytest.fixture
def required(settings: Settings, people: object) -> Iterator[Callable[[], Browser]]:
    """required() is a browser of a site where administrators need an app."""
    application = create_app(replace(settings, totp_required="administrators"))
    yield lambda: Browser(application.test_client())
    application.extensions["pool"].close()


def password_first(browser: Browser, who: str = "auditor", next_page: str = "") -> Any:
    return browser.post("/login", login=PEOPLE[who][2], password=PASSWORD, next=next_page)


def enter(browser: Browser, typed: str, status: int = 302) -> str:
    return browser.post("/login/code", page="/login/code", status=status, code=typed).text


def set_up(browser: Browser, page: str, status: int = 200) -> tuple[str, str]:
    """Scan the page with an app and enter what it shows; what answers, and the secret."""
    html = browser.get(page)
    (secret,) = re.findall(r'<code class="secret">([A-Z2-7 ]+)</code>', html)
    secret = secret.replace(" ", "")
    (proposal,) = re.findall(r'name="proposal"[^>]*value="([^"]+)"', html)
    data = {"csrf_token": csrf_token(html), "proposal": unescape(proposal), "code": code(secret, -1)}
    response = browser.client.post(page, data=data)
    assert response.status_code == status, response.text
    return response.text, secret


def shown_codes(html: str) -> list[str]:
    return re.findall(r"<li><code>([a-z2-9-]{19})</code></li>", html)


# -- signing in ----------------------------------------------------------------------------------


def test_after_the_password_a_code_signs_in_and_leads_to_the_page_that_was_wanted(
    db: Database, visitor: Visitor, recovery_codes: list[str]
) -> None:
    browser = visitor()
    assert password_first(browser, next_page="/reports/audit-log?category=users").location == "/login/code"
    assert db.events("action like 'sign_in%%'") == [], "half a sign-in is none"
    for closed in ("/reports/", "/account", "/sessions", "/reports/audit-log"):
        browser.get(closed, status=302)
    response = browser.post("/login/code", page="/login/code", code=code())
    assert response.location == "/reports/audit-log?category=users"
    browser.get("/reports/audit-log")
    event = db.events("action = 'sign_in'")[-1]
    assert (event["context"]["sign_in"]["method"], event["actor_id"]) == ("totp", "2")
    assert "with a code from the app" in newest(visitor("admin"), "/reports/audit-log?action=sign_in&actor=2")


def test_a_code_confirms_who_it_is_as_well_as_the_password(
    db: Database, visitor: Visitor, recovery_codes: list[str]
) -> None:
    browser = visitor()
    password_first(browser)
    used = code()
    enter(browser, used)

    def confirm(typed: str) -> int:
        data = {"csrf_token": csrf_token(browser.get("/confirm")), "confirm_password": typed}
        return browser.client.post("/confirm", data=data).status_code

    assert "Password, or a code from your app" in browser.get("/confirm")
    assert [confirm(typed) for typed in (used, "000000", recovery_codes[0])] == [400] * 3, "used, wrong, too precious"
    assert [confirm(typed) for typed in (PASSWORD, code(steps=1))] == [302] * 2
    methods = [event["context"]["sign_in"]["method"] for event in db.events("action = 'sign_in'")]
    assert methods == ["totp", "password", "totp"]


def test_a_wrong_a_used_and_no_code_do_not_sign_in(db: Database, visitor: Visitor, recovery_codes: list[str]) -> None:
    browser = visitor()
    password_first(browser)
    assert "That code is not right." in enter(browser, "000000" if code() != "000000" else "000001", status=401)
    used = TOTP(SECRET).generate_otp(db.value("select last_count from audit.totp"))
    assert "That code has been used." in enter(browser, used, status=401)
    assert "Enter the code." in enter(browser, "", status=400)
    browser.get("/reports/", status=302)
    failed = [e["context"]["sign_in_failed"] for e in db.events("action = 'sign_in_failed'")]
    assert [(f["reason"], f["method"]) for f in failed] == [("wrong_code", "totp"), ("used_code", "totp")]
    assert {e["record_id"] for e in db.events("action = 'sign_in_failed'")} == {"2"}
    enter(browser, code())


def test_a_recovery_code_signs_in_once(db: Database, visitor: Visitor, recovery_codes: list[str]) -> None:
    browser = visitor()
    password_first(browser)
    enter(browser, recovery_codes[0].upper())
    assert db.events("action = 'sign_in'")[-1]["context"]["sign_in"]["method"] == "recovery code"
    assert "9 recovery codes left" in text_of(browser.get("/account"))
    again = visitor()
    password_first(again)
    enter(again, recovery_codes[0], status=401)


def test_guessing_codes_is_slowed_down(db: Database, visitor: Visitor, recovery_codes: list[str]) -> None:
    browser = visitor()
    password_first(browser)
    for n in range(5):
        enter(browser, f"not a code {n}", status=401)
    db.run("update audit.sign_in_attempts set blocked_until = blocked_until + interval '1 minute' where step = 'code'")
    page = browser.post("/login/code", page="/login/code", status=429, code=code())
    assert int(page.headers["Retry-After"]) > 50
    assert "If you have lost your app and your recovery codes, ask your administrator." in text_of(page.text)
    reasons = [e["context"]["sign_in_failed"]["reason"] for e in db.events("action = 'sign_in_failed'")]
    assert reasons == ["wrong_code"] * 5 + ["throttled"]


def test_a_code_without_the_password_is_worth_nothing(visitor: Visitor, recovery_codes: list[str]) -> None:
    browser = visitor()
    token = csrf_token(browser.get("/login"))
    for page in ("/login/code", "/login/set-up"):
        response = browser.client.post(page, data={"csrf_token": token, "code": code()})
        assert (response.status_code, response.location) == (302, "/login")


@pytest.mark.parametrize(
    "change", ["set active = false", "set password_hash = 'x' || password_hash", "set role = 'member'"]
)
def test_the_password_step_is_over_when_the_account_changes(
    db: Database, visitor: Visitor, recovery_codes: list[str], change: str
) -> None:
    browser = visitor()
    password_first(browser)
    db.run(f"update users {change} where id = 2")
    assert browser.client.get("/login/code").location == "/login"


def test_an_app_that_an_administrator_has_just_taken_away_is_not_asked_for(
    db: Database, visitor: Visitor, recovery_codes: list[str]
) -> None:
    browser = visitor()
    password_first(browser)
    db.run("select audit.remove_totp('2')")
    assert browser.client.get("/login/code").location == "/reports/"
    browser.get("/reports/")


def test_after_a_change_of_the_secret_key_the_page_says_that_recovery_codes_are_left(
    settings: Settings, recovery_codes: list[str]
) -> None:
    other = create_app(replace(settings, secret_key="another-secret-key-0123456789abcdefgh"))
    try:
        browser = Browser(other.test_client())
        password_first(browser)
        assert "Codes from your app cannot be checked" in browser.get("/login/code")
        enter(browser, code(), status=401)
        enter(browser, recovery_codes[0])
        browser.get("/reports/")
    finally:
        other.extensions["pool"].close()


# -- where it is required ------------------------------------------------------------------------


def test_an_administrator_who_must_sets_up_an_app_before_anything_else(
    db: Database, required: Callable[[], Browser]
) -> None:
    browser = required()
    assert password_first(browser, "admin", "/reports/audit-log").location == "/login/set-up"
    for closed in ("/reports/", "/account", "/account/password", "/reports/audit-log", "/sessions"):
        browser.get(closed, status=302)
    assert browser.client.get("/login/code").location == "/login/set-up"
    html, secret = set_up(browser, "/login/set-up")
    assert len(shown_codes(html)) == 10
    assert 'href="/reports/audit-log"' in html
    browser.get("/reports/audit-log")
    # The buttons of the very page that signed in work.
    signed_out = browser.client.post("/sessions/end-others", data={"csrf_token": csrf_token(html)})
    assert signed_out.location == "/sessions"
    done = [(e["action"], e["actor_id"]) for e in db.events("action in ('configure', 'sign_in') and actor_id = '1'")]
    assert done == [("configure", "1"), ("sign_in", "1")]

    later = required()
    assert password_first(later, "admin").location == "/login/code"
    enter(later, code(secret))
    assert "Remove the app" not in later.get("/account")
    later.get("/account/authenticator/remove", status=400)
    assert Totp(browser.client.application.extensions["settings"].secret_key, "1")


def test_whoever_need_not_is_not_asked(required: Callable[[], Browser]) -> None:
    assert password_first(required(), "auditor").location == "/reports/"


# -- my account ----------------------------------------------------------------------------------


def test_an_app_is_set_up_and_its_codes_are_asked_for_from_then_on(db: Database, visitor: Visitor, app: Flask) -> None:
    browser = visitor("auditor")
    assert "not in use" in browser.get("/account")
    html, secret = set_up(browser, "/account/authenticator")
    codes = shown_codes(html)
    assert len(set(codes)) == 10
    assert not any(one in browser.get("/account") for one in codes), "shown once"
    assert "10 recovery codes left" in text_of(browser.get("/account"))
    assert browser.client.get("/account/authenticator").location == "/account", "set up already"
    again = visitor()
    assert password_first(again).location == "/login/code"
    enter(again, code(secret))
    assert "set up the authenticator app of Mei Tanaka" in newest(
        visitor("admin"), "/reports/audit-log?action=configure"
    )


def test_a_wrong_first_code_sets_nothing_up_and_keeps_the_qr_code(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    html = browser.get("/account/authenticator")
    (proposal,) = re.findall(r'name="proposal"[^>]*value="([^"]+)"', html)
    data = {"csrf_token": csrf_token(html), "proposal": proposal, "code": "not yet"}
    response = browser.client.post("/account/authenticator", data=data)
    assert response.status_code == 400
    assert "That code is not right." in response.text
    secrets = [re.findall(r'class="secret">([^<]+)<', page)[0] for page in (html, response.text)]
    assert secrets[0] == secrets[1], "the app need not be set up again"
    assert db.value("select count(*) from audit.totp") == 0


@pytest.mark.parametrize("proposal", ["", "made up", "gAAAAA", "é"])
def test_a_secret_that_we_did_not_propose_is_not_taken(db: Database, visitor: Visitor, proposal: str) -> None:
    browser = visitor("auditor")
    data = {"csrf_token": csrf_token(browser.get("/account/authenticator")), "proposal": proposal, "code": code()}
    response = browser.client.post("/account/authenticator", data=data)
    assert (response.status_code, "open for too long" in response.text) == (400, True)
    assert db.value("select count(*) from audit.totp") == 0


def test_new_recovery_codes_replace_the_old_ones(visitor: Visitor, recovery_codes: list[str]) -> None:
    browser = visitor()
    password_first(browser)
    enter(browser, code())
    html = browser.post("/account/authenticator/recovery-codes", page="/account", status=200).text
    assert len(shown_codes(html)) == 10
    assert not set(shown_codes(html)) & set(recovery_codes)
    again = visitor()
    password_first(again)
    enter(again, recovery_codes[0], status=401)
    enter(again, shown_codes(html)[0])


def test_removing_takes_the_password_even_after_a_recent_sign_in(
    db: Database, visitor: Visitor, recovery_codes: list[str]
) -> None:
    browser, page = visitor(), "/account/authenticator/remove"
    password_first(browser)
    enter(browser, code())
    assert "That is not your password." in browser.post(page, page=page, status=401, old_password="a guess").text
    assert db.value("select count(*) from audit.totp") == 1
    browser.post(page, page=page, old_password=PASSWORD)
    assert "You sign in without a code from now on." in browser.get("/account")
    assert password_first(visitor()).location == "/reports/"


def test_setting_up_takes_a_recent_sign_in(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("update audit.web_sessions set authenticated_at = now() - interval '1 hour'")
    assert browser.client.get("/account/authenticator").location.startswith("/confirm")
