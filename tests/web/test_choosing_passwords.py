"""Choosing a password: by a link, or when signed in."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from tests.conftest import PASSWORD, PASSWORD_HASH, Browser, Database, csrf_token
from tests.web.reading import text_of
from webapp import password_links
from webapp.passwords import hasher

Visitor = Callable[..., Browser]
NEW = "seven green bicycles"


@pytest.fixture
def link(db: Database, people: object) -> str:
    with db.connect("admin") as connection:
        return password_links.issue(connection, "mei@example.org")[0]


def choose(browser: Browser, password: str = NEW, again: str | None = None, status: int = 302) -> str:
    fields = {"new_password": password, "new_password_again": password if again is None else again}
    return browser.post("/choose-password", page="/choose-password", status=status, **fields).text


def test_a_link_leads_to_a_form_whose_address_does_not_hold_it(visitor: Visitor, link: str) -> None:
    browser = visitor()
    response = browser.client.get(link)
    assert (response.status_code, response.location) == (302, "/choose-password")
    token = link.partition("=")[2]
    page = browser.get("/choose-password")
    assert token not in page
    assert token not in str(response.headers)
    assert "For Mei Tanaka, who signs in as mei@example.org." in text_of(page)


def test_a_chosen_password_signs_in_and_the_old_one_does_not(db: Database, visitor: Visitor, link: str) -> None:
    elsewhere = visitor("auditor")
    browser = visitor()
    browser.client.get(link)
    choose(browser)
    assert "Your password is set. Sign in with it." in browser.get("/login")
    assert "Your password is set" not in browser.get("/login"), "said once"
    elsewhere.get("/reports/", status=302)
    visitor().sign_in("mei@example.org", PASSWORD, status=401)
    visitor().sign_in("mei@example.org", NEW)
    (changed,) = db.events("action = 'update'")
    assert (changed["changed_fields"], changed["actor_id"], changed["db_user"]) == (["password_hash"], "2", "web")
    assert NEW not in str(db.events("true"))


def test_a_link_works_once(visitor: Visitor, link: str) -> None:
    first, second = visitor(), visitor()
    for browser in (first, second):
        browser.client.get(link)
        browser.get("/choose-password")
    token = csrf_token(second.get("/choose-password"))
    choose(first)
    fields = {"csrf_token": token, "new_password": "other words entirely", "new_password_again": "other words entirely"}
    late = second.client.post("/choose-password", data=fields)
    assert (late.status_code, "This link is over" in late.text) == (404, True)
    first.get("/choose-password", status=404)
    visitor().sign_in("mei@example.org", NEW)


@pytest.mark.parametrize("made_up", ["x", "%00", "%F0%28", "a" * 2000, "%F0%9F%98%80"])
def test_a_link_that_is_made_up_says_whom_to_ask(visitor: Visitor, made_up: str) -> None:
    browser = visitor()
    browser.client.get(f"/choose-password?link={made_up}")
    page = browser.get("/choose-password", status=404)
    assert "ask your administrator for a new one" in page


@pytest.mark.parametrize(
    ("password", "again", "told"),
    [
        ("too short", None, "The password has 9 characters: between 12 and 128 are accepted."),
        ("x1y2" * 33, None, "The password has 132 characters"),
        ("1qaz2wsx3edc", None, "among the first that are tried"),
        ("tanaka@example.org", None, "little more than your name"),
        (NEW, "seven green bicycle", "This is not the same as above."),
        ("", "", "Enter a password."),
    ],
)
def test_a_password_that_is_not_accepted_says_why_and_uses_nothing_up(
    visitor: Visitor, link: str, password: str, again: str | None, told: str
) -> None:
    browser = visitor()
    browser.client.get(link)
    page = choose(browser, password, again, status=400)
    assert told in text_of(page)
    assert password not in page or not password
    choose(browser)


def test_whoever_was_locked_out_by_guesses_may_use_the_new_password_at_once(visitor: Visitor, link: str) -> None:
    browser = visitor()
    for _ in range(6):
        browser.client.post(
            "/login",
            data={"csrf_token": csrf_token(browser.get("/login")), "login": "mei@example.org", "password": "?"},
        )
    browser.client.get(link)
    choose(browser)
    browser.sign_in("mei@example.org", NEW)


def test_the_link_is_in_no_line_of_our_log(
    db: Database, visitor: Visitor, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    browser = visitor()
    with capture_logs() as logged:
        db.run("alter function audit.begin_session rename to gone")
        assert browser.client.get(link).status_code == 500
        db.run("alter function audit.gone rename to begin_session")
        browser.client.get(link)
        db.run("drop function audit.password_link")
        assert browser.client.get("/choose-password").status_code == 500
    told = caplog.text + str(logged)
    told += "".join("".join(traceback.format_exception(line["exc_info"])) for line in logged)
    assert "audit.begin_session" in told
    assert "audit.password_link" in told
    assert link.partition("=")[2] not in told


def test_fields_can_be_pasted_into_and_filled_by_a_password_manager(visitor: Visitor, link: str) -> None:
    def autocompletes(html: str) -> dict[str, str]:
        found = re.findall(r"<input[^>]*>", html)
        return {
            re.findall(r'name="(\w+)"', tag)[0]: re.findall(r'autocomplete="([\w-]+)"', tag)[0]
            for tag in found
            if "autocomplete" in tag
        }

    browser = visitor()
    assert autocompletes(browser.get("/login")) == {"login": "username", "password": "current-password"}
    browser.client.get(link)
    new = {"login": "username", "new_password": "new-password", "new_password_again": "new-password"}
    assert autocompletes(browser.get("/choose-password")) == new
    page = visitor("admin").get("/account/password")
    assert autocompletes(page) == new | {"old_password": "current-password"}
    assert "maxlength" not in page, "a pasted password is never cut short"


# -- when signed in --------------------------------------------------------------------------------


def change(browser: Browser, old: str = PASSWORD, new: str = NEW, status: int = 302) -> str:
    fields = {"old_password": old, "new_password": new, "new_password_again": new}
    return browser.post("/account/password", page="/account/password", status=status, **fields).text


def test_a_changed_password_ends_every_other_session_but_not_this_one(db: Database, visitor: Visitor) -> None:
    here, elsewhere = visitor("auditor"), visitor("auditor")
    change(here)
    assert "Your password is changed, and your other sessions have ended." in here.get("/account")
    elsewhere.get("/reports/", status=302)
    visitor().sign_in("mei@example.org", NEW)
    assert hasher.verify(db.value("select password_hash from users where id = 2"), NEW)


def test_changing_takes_the_old_password_and_the_same_rule(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    assert "That is not your password." in change(browser, old="not her password", status=401)
    assert db.last()["context"]["sign_in_failed"]["confirmed"] == "/account/password"
    assert "little more than your name" in change(browser, new="Mei Tanaka 2026", status=400)
    assert db.value("select password_hash from users where id = 2") == PASSWORD_HASH


def test_where_another_application_keeps_the_passwords_the_pages_say_so(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    assert "Change the password" in browser.get("/account")
    db.run("revoke update (password_hash) on users from audit_owner")
    page = browser.get("/account")
    assert "Another application keeps it. Change it there." in text_of(page)
    assert "/account/password" not in page
    assert "Your password is kept elsewhere" in browser.get("/account/password", status=404)
