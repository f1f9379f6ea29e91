"""Guessing at the sign-in page: slowed down, said so, and on record without flooding the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import PASSWORD, Browser, Database, csrf_token
from tests.web.reading import newest, text_of
from tests.web.test_sign_in import attempt

Visitor = Callable[..., Browser]


def hold(db: Database, seconds: int = 200) -> None:
    """Whoever is blocked is so for some minutes: these tests may take longer than the first five seconds."""
    db.run("update audit.sign_in_attempts set blocked_until = clock_timestamp() + %s * interval '1 second' "
           "where blocked_until is not null", seconds)  # fmt: skip


def failures(db: Database) -> list[dict[str, object]]:
    return [e["context"]["sign_in_failed"] for e in db.events("action = 'sign_in_failed'")]


def blocked(db: Database, visitor: Visitor, login: str = "mei@example.org") -> Browser:
    """A browser that has guessed too often."""
    browser = visitor()
    for n in range(5):
        assert attempt(browser, login, f"guess number {n}")[0] == 401
    hold(db)
    return browser


def test_the_page_says_when_to_try_again_and_how(db: Database, visitor: Visitor) -> None:
    browser = blocked(db, visitor)
    token = csrf_token(browser.get("/login"))
    data = {"csrf_token": token, "login": "mei@example.org", "password": PASSWORD}
    response = browser.client.post("/login", data=data)
    assert response.status_code == 429
    assert 180 < int(response.headers["Retry-After"]) <= 200
    said = text_of(response.text)
    assert "Too many attempts. Try again in 4 minutes." in said
    assert "If you have forgotten it, ask your administrator for a link to choose one." in said
    assert 'value="mei@example.org"' in response.text, "what was typed is still there"


def test_even_the_right_password_waits_and_then_signs_in(db: Database, visitor: Visitor) -> None:
    browser = blocked(db, visitor)
    assert attempt(browser, "mei@example.org", PASSWORD)[0] == 429
    hold(db, 0)
    assert attempt(browser, "mei@example.org", PASSWORD)[0] == 302


@pytest.mark.parametrize("login", ["mei@example.org", "nobody@example.org", "oskar@example.org"])
def test_whether_there_is_such_an_account_does_not_show(db: Database, visitor: Visitor, login: str) -> None:
    db.run("update users set active = false where id = 3")
    browser = blocked(db, visitor, login)
    status, page = attempt(browser, f" {login.upper()}", PASSWORD)
    assert status == 429
    assert "Try again in 4 minutes." in page


def test_refused_attempts_are_one_event_and_counted_in_the_next(db: Database, visitor: Visitor) -> None:
    browser = blocked(db, visitor)
    for _ in range(6):
        attempt(browser, "mei@example.org", "another guess")
    assert [f["reason"] for f in failures(db)] == ["wrong_password"] * 5 + ["throttled"]
    hold(db, 0)
    attempt(browser, "mei@example.org", "one more guess")
    assert failures(db)[-1] == {"reason": "wrong_password", "method": "password", "ip": "127.0.0.1", "not_looked_at": 5}
    page = newest(visitor("admin"), "/reports/audit-log?action=sign_in_failed")
    assert "wrong password · 5 more were not looked at" in page


def test_what_is_counted_does_not_say_which_login_was_typed(db: Database, visitor: Visitor) -> None:
    attempt(visitor(), "my secret pass phrase", "typed into the wrong box")
    assert "secret" not in db.value("select string_agg(a::text, ' ') from audit.sign_in_attempts a")
    assert {len(row[0]) for row in db.run("select account from audit.sign_in_attempts where account is not null")} == {
        32
    }


def test_confirming_is_slowed_down_like_signing_in(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    for _ in range(5):
        browser.post("/confirm", page="/confirm", status=400, confirm_password="a guess")
    hold(db)
    page = browser.post("/confirm", page="/confirm", status=400, confirm_password=PASSWORD).text
    assert "Too many attempts. Try again in 4 minutes." in page
