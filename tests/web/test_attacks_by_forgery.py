"""Requests that somebody else's page or hand has made: no form without its own token, no number that opens more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.conftest import PASSWORD, PEOPLE, Browser, Database, csrf_token
from tests.web.attacking import READING, address, forms, pages
from tests.web.reading import REPORT, imported
from webapp import passwords

Visitor = Callable[..., Browser]


def state(db: Database) -> list[tuple[Any, ...]]:
    return db.run(
        "select (select count(*) from audit.events where action not in ('view', 'denied')), "
        "(select count(*) from audit.web_sessions), (select array_agg(password_hash order by id) from users)"
    )


def test_no_form_is_taken_without_the_token_of_its_own_session(db: Database, app: Flask, visitor: Visitor) -> None:
    db.run("insert into user_permissions values (1, 'audit.erase')")  # so that every form is open
    stale = csrf_token(visitor().get("/login"))
    other = csrf_token(visitor("admin").get("/reports/"))
    browser = visitor("admin")
    own = csrf_token(browser.get("/reports/"))
    before = state(db)
    assert len(forms(app)) >= 5
    for rule in forms(app):
        path = address(rule)
        answers = (302, 400) if rule.endpoint == "auth.login" else (400,)  # who is in already is sent on
        for sent in ({}, {"csrf_token": ""}, {"csrf_token": stale}, {"csrf_token": other}, {"csrf_token": own[:-1]}):
            for method in sorted((rule.methods or set()) - READING):
                with browser.client.open(path, method=method, data=sent) as response:
                    assert response.status_code in answers, (method, path, sent, response.status)
        # In the address it would be in logs and in links.
        with browser.client.post(f"{path}?csrf_token={own}") as response:
            assert response.status_code in answers, path
    assert state(db) == before


def test_a_form_sent_by_another_site_is_refused_even_with_a_token(db: Database, app: Flask, visitor: Visitor) -> None:
    db.run("insert into user_permissions values (1, 'audit.erase')")  # so that every form is open
    browser = visitor("admin")
    own = csrf_token(browser.get("/reports/"))
    before = state(db)
    for rule in forms(app):
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            with browser.client.post(address(rule), data={"csrf_token": own}, headers=headers) as response:
                assert response.status_code == 400, (rule.rule, headers, response.status)
    assert state(db) == before


def test_nothing_is_changed_by_opening_an_address(db: Database, app: Flask, visitor: Visitor) -> None:
    browser = visitor("admin")
    browser.get("/reports/")
    before = state(db)
    for rule in pages(app):
        for method in ("GET", "HEAD", "OPTIONS"):
            with browser.client.open(address(rule), method=method):
                pass
    assert state(db) == before


def test_counting_through_the_numbers_of_events_shows_only_what_one_may_see(db: Database, visitor: Visitor) -> None:
    imported(db, {}, {"entity": "group", "table_name": "groups"}, {"entity": "user", "table_name": "users"})
    db.run("update users set categories = '{groups}' where id = 2")
    browser = visitor("auditor")
    last = db.value("select max(event_id) from audit.events")
    opened: list[int] = []
    for number in range(last + 2):
        with browser.client.get(f"{REPORT}/events/{number}") as response:
            assert response.status_code in (200, 404)
            opened += [number] if response.status_code == 200 else []
    assert opened == [
        row[0] for row in db.run("select event_id from audit.report where category = 'groups' order by 1")
    ]
    assert opened


@pytest.mark.parametrize("kind", ["argon2", "pbkdf2_sha256"])
def test_an_unknown_login_costs_the_work_of_a_known_one(
    db: Database, visitor: Visitor, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work is counted: which hash was computed, with which parameters."""
    if kind == "pbkdf2_sha256":
        db.run("update users set password_hash = 'pbkdf2_sha256$1234$salt$' || repeat('A', 43) || '='")
    worked: list[str] = []
    argon2, pbkdf2 = passwords.hasher.verify, passwords.django.hashlib.pbkdf2_hmac

    class Counting(passwords.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Any:
            worked.append(str(hash).rpartition("$")[0].rpartition("$")[0])
            return argon2(hash, password)

    def counting(name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
        worked.append(f"{name} {iterations}")
        return pbkdf2(name, password, salt, iterations)

    browser = visitor()
    browser.sign_in("somebody@example.org", "warm up", status=401)
    monkeypatch.setattr(passwords, "hasher", Counting())
    monkeypatch.setattr(passwords.django.hashlib, "pbkdf2_hmac", counting)
    db.run("update users set active = false where id = 3")
    costs: list[list[str]] = []
    for login in (PEOPLE["auditor"][2], PEOPLE["plain"][2], "nobody@example.org"):
        worked.clear()
        answer = browser.post("/login", login=login, password=PASSWORD + "!", status=401)
        costs.append([work for work in worked if "argon2" in work or "sha256" in work])
        assert "do not match" in answer.text
    assert costs[0] == costs[1] == costs[2] != [], costs
