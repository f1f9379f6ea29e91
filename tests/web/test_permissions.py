"""Who may open what: every address, every method, everybody."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from flask import Flask

from tests.conftest import Browser, Database, csrf_token
from webapp import permissions

Visitor = Callable[..., Browser]
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
READING = ["GET", "HEAD"]

#: Every address, with an example of it. A new one must be added here, and below.
ADDRESSES = {
    "static": ("/static/<path:filename>", "/static/style.css"),
    "health.healthz": ("/healthz", "/healthz"),
    "auth.login": ("/login", "/login"),
    "auth.logout": ("/logout", "/logout"),
    "auth.confirm": ("/confirm", "/confirm"),
    "second_step.code": ("/login/code", "/login/code"),
    "second_step.set_up": ("/login/set-up", "/login/set-up"),
    "single_sign_on.start": ("/login/oidc", "/login/oidc"),
    "single_sign_on.back": ("/login/oidc/return", "/login/oidc/return"),
    "choosing.password": ("/choose-password", "/choose-password"),
    "account.mine": ("/account", "/account"),
    "account.password": ("/account/password", "/account/password"),
    "account.authenticator": ("/account/authenticator", "/account/authenticator"),
    "account.recovery_codes": ("/account/authenticator/recovery-codes", "/account/authenticator/recovery-codes"),
    "account.remove_authenticator": ("/account/authenticator/remove", "/account/authenticator/remove"),
    "sessions.mine": ("/sessions", "/sessions"),
    "sessions.end": ("/sessions/<int:session_id>/end", "/sessions/99999/end"),
    "sessions.end_others": ("/sessions/end-others", "/sessions/end-others"),
    "report.home": ("/", "/"),
    "report.reports": ("/reports/", "/reports/"),
    "report.audit_log": ("/reports/audit-log", "/reports/audit-log"),
    "report.event": ("/reports/audit-log/events/<int:event_id>", "/reports/audit-log/events/1"),
    "report.record": ("/reports/audit-log/records/<entity>/<path:record_id>", "/reports/audit-log/records/user/1"),
    "report.actor": ("/reports/audit-log/actors/<path:actor_id>", "/reports/audit-log/actors/1"),
    "report.activity": ("/reports/audit-log/activity", "/reports/audit-log/activity"),
    "finding.find": ("/reports/audit-log/find", "/reports/audit-log/find"),
    "saved.mine": ("/reports/audit-log/views", "/reports/audit-log/views"),
    "saved.save": ("/reports/audit-log/views", "/reports/audit-log/views"),
    "saved.first": ("/reports/audit-log/views/first", "/reports/audit-log/views/first"),
    "saved.open_first": ("/reports/audit-log/views/first", "/reports/audit-log/views/first"),
    "saved.show": ("/reports/audit-log/views/<view_id>", "/reports/audit-log/views/exports-last-month"),
    "saved.rename": ("/reports/audit-log/views/<view_id>/rename", "/reports/audit-log/views/none/rename"),
    "saved.delete": ("/reports/audit-log/views/<view_id>/delete", "/reports/audit-log/views/none/delete"),
    "exports.download": ("/reports/audit-log/export", "/reports/audit-log/export"),
    "printing.printed": ("/reports/audit-log/print", "/reports/audit-log/print"),
    "exports.listed": ("/reports/audit-log/exports", "/reports/audit-log/exports"),
    "exports.followed": ("/reports/audit-log/exports/running", "/reports/audit-log/exports/running"),
    "exports.about": (
        "/reports/audit-log/exports/<int:event_id>/manifest",
        "/reports/audit-log/exports/99999/manifest",
    ),
    "exports.go_on": (
        "/reports/audit-log/exports/<int:event_id>/continue",
        "/reports/audit-log/exports/99999/continue",
    ),
    "proofs.proof": ("/reports/audit-log/events/<int:event_id>/proof", "/reports/audit-log/events/1/proof"),
    "proofs.proof_file": (
        "/reports/audit-log/events/<int:event_id>/proof.ndjson",
        "/reports/audit-log/events/1/proof.ndjson",
    ),
    "proofs.checkpoints": ("/reports/audit-log/checkpoints", "/reports/audit-log/checkpoints"),
    "proofs.growth": (
        "/reports/audit-log/checkpoints/<int:older>/<int:newer>",
        "/reports/audit-log/checkpoints/0/1",
    ),
    "erasing.requests": ("/reports/audit-log/erasures", "/reports/audit-log/erasures"),
    "erasing.ask": ("/reports/audit-log/erasures", "/reports/audit-log/erasures"),
    "erasing.request_page": ("/reports/audit-log/erasures/<int:request_id>", "/reports/audit-log/erasures/1"),
    "erasing.approve": (
        "/reports/audit-log/erasures/<int:request_id>/approve",
        "/reports/audit-log/erasures/1/approve",
    ),
    "erasing.withdraw": (
        "/reports/audit-log/erasures/<int:request_id>/withdraw",
        "/reports/audit-log/erasures/1/withdraw",
    ),
    "health.health": ("/reports/audit-log/health", "/reports/audit-log/health"),
    "inventory.show": ("/reports/audit-log/inventory", "/reports/audit-log/inventory"),
}

SIGN_IN = "to the sign-in page"
Answer = int | str
Answers = tuple[Answer, Answer, Answer, Answer]
COLUMNS = [None, "plain", "auditor", "admin"]
EVERYBODY: Answers = (200, 200, 200, 200)
ON_THEIR_WAY: Answers = (SIGN_IN, 302, 302, 302)
READERS: Answers = (SIGN_IN, 403, 200, 200)
READERS_ON: Answers = (SIGN_IN, 403, 302, 302)
OPTIONS_FOR_READERS: Answers = (401, 403, 200, 200)
OPTIONS_FOR_PEOPLE: Answers = (401, 200, 200, 200)
NOTHING_HERE: Answers = (404, 404, 404, 404)
PEOPLE_SEE: Answers = (SIGN_IN, 200, 200, 200)
START_AGAIN: dict[str, Answers] = {
    "GET": ON_THEIR_WAY,
    "HEAD": ON_THEIR_WAY,
    "POST": ON_THEIR_WAY,
    "OPTIONS": EVERYBODY,
}
OWN_FORM: dict[str, Answers] = {
    "GET": PEOPLE_SEE,
    "HEAD": PEOPLE_SEE,
    "OPTIONS": OPTIONS_FOR_PEOPLE,
    "POST": (401, 400, 400, 400),
}

VIEWS: dict[str, Answers] = {
    "GET": READERS,
    "HEAD": READERS,
    "OPTIONS": OPTIONS_FOR_READERS,
    "POST": (401, 403, 400, 400),
}
FIRST: dict[str, Answers] = {
    "GET": READERS_ON,
    "HEAD": READERS_ON,
    "OPTIONS": OPTIONS_FOR_READERS,
    "POST": (401, 403, 303, 303),
}

#: For whoever may erase, which no role of its own can.
ERASING: dict[str, Answers] = {
    "GET": (SIGN_IN, 403, 403, 403),
    "HEAD": (SIGN_IN, 403, 403, 403),
    "OPTIONS": (401, 403, 403, 403),
    "POST": (401, 403, 403, 403),
}

NO_SUCH_FILE: dict[str, Answers] = {
    "GET": (SIGN_IN, 403, 404, 404),
    "HEAD": (SIGN_IN, 403, 404, 404),
    "OPTIONS": OPTIONS_FOR_READERS,
}

#: What each method of each address answers to nobody, a plain user, an auditor, an administrator.
#: Whatever is not here is not allowed at all.
EXPECTED: dict[str, dict[str, Answers]] = {
    "static": {"GET": EVERYBODY, "HEAD": EVERYBODY, "OPTIONS": EVERYBODY},
    "health.healthz": {"GET": EVERYBODY, "HEAD": EVERYBODY, "OPTIONS": EVERYBODY},
    "auth.login": {
        "GET": (200, 302, 302, 302),
        "HEAD": (200, 302, 302, 302),
        "OPTIONS": EVERYBODY,
        "POST": (400, 302, 302, 302),
    },
    "auth.logout": {"POST": (401, SIGN_IN, SIGN_IN, SIGN_IN), "OPTIONS": (401, 200, 200, 200)},
    "auth.confirm": OWN_FORM,
    "second_step.code": START_AGAIN,
    "second_step.set_up": START_AGAIN,
    "single_sign_on.start": {"GET": NOTHING_HERE, "HEAD": NOTHING_HERE, "OPTIONS": EVERYBODY},
    "single_sign_on.back": {"GET": NOTHING_HERE, "HEAD": NOTHING_HERE, "OPTIONS": EVERYBODY},
    "choosing.password": {"GET": NOTHING_HERE, "HEAD": NOTHING_HERE, "POST": NOTHING_HERE, "OPTIONS": EVERYBODY},
    "account.mine": {"GET": PEOPLE_SEE, "HEAD": PEOPLE_SEE, "OPTIONS": OPTIONS_FOR_PEOPLE},
    "account.password": OWN_FORM,
    "account.authenticator": OWN_FORM,
    "account.recovery_codes": {"POST": (401, 404, 404, 404), "OPTIONS": OPTIONS_FOR_PEOPLE},
    "account.remove_authenticator": OWN_FORM,
    "sessions.mine": {"GET": PEOPLE_SEE, "HEAD": PEOPLE_SEE, "OPTIONS": OPTIONS_FOR_PEOPLE},
    "sessions.end": {"POST": (401, 404, 404, 404), "OPTIONS": (401, 200, 200, 200)},
    "sessions.end_others": {"POST": (401, 302, 302, 302), "OPTIONS": (401, 200, 200, 200)},
    "report.home": {"GET": ON_THEIR_WAY, "HEAD": ON_THEIR_WAY, "OPTIONS": (401, 200, 200, 200)},
    "report.reports": {
        "GET": (SIGN_IN, 200, 200, 200),
        "HEAD": (SIGN_IN, 200, 200, 200),
        "OPTIONS": (401, 200, 200, 200),
    },
    "report.audit_log": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "report.event": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "report.record": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "report.actor": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "report.activity": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "finding.find": {"POST": (401, 403, 303, 303), "OPTIONS": OPTIONS_FOR_READERS},
    "saved.mine": VIEWS,
    "saved.save": VIEWS,
    "saved.first": FIRST,
    "saved.open_first": FIRST,
    "saved.show": {"GET": READERS_ON, "HEAD": READERS_ON, "OPTIONS": OPTIONS_FOR_READERS},
    "saved.rename": {"POST": (401, 403, 404, 404), "OPTIONS": OPTIONS_FOR_READERS},
    "saved.delete": {"POST": (401, 403, 404, 404), "OPTIONS": OPTIONS_FOR_READERS},
    "exports.download": {"POST": (401, 403, 200, 200), "OPTIONS": OPTIONS_FOR_READERS},
    "printing.printed": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "exports.listed": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "exports.followed": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "exports.go_on": {"POST": (401, 403, 400, 400), "OPTIONS": OPTIONS_FOR_READERS},
    "exports.about": NO_SUCH_FILE,
    "proofs.proof": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "proofs.proof_file": NO_SUCH_FILE,
    "proofs.checkpoints": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "proofs.growth": NO_SUCH_FILE,
    "erasing.requests": ERASING,
    "erasing.ask": ERASING,
    "erasing.request_page": {method: answers for method, answers in ERASING.items() if method != "POST"},
    "erasing.approve": {method: ERASING[method] for method in ("OPTIONS", "POST")},
    "erasing.withdraw": {method: ERASING[method] for method in ("OPTIONS", "POST")},
    "health.health": {"GET": READERS, "HEAD": READERS, "OPTIONS": OPTIONS_FOR_READERS},
    "inventory.show": {
        "GET": (SIGN_IN, 403, 403, 200),
        "HEAD": (SIGN_IN, 403, 403, 200),
        "OPTIONS": (401, 403, 403, 200),
    },
}


def expected(endpoint: str, method: str, column: int) -> Answer:
    answers = EXPECTED[endpoint].get(method)
    if answers:
        return answers[column]
    if column:
        return 405
    return SIGN_IN if method in READING else 401


def test_the_list_of_addresses_is_whole(app: Flask) -> None:
    assert {rule.endpoint: rule.rule for rule in app.url_map.iter_rules()} == {
        endpoint: rule for endpoint, (rule, _) in ADDRESSES.items()
    }
    assert set(permissions.ROUTES) == set(ADDRESSES)


@pytest.mark.parametrize("column", range(4), ids=["nobody", "plain", "auditor", "admin"])
def test_every_address_answers_every_method_as_the_table_says(app: Flask, visitor: Visitor, column: int) -> None:
    browser = visitor(COLUMNS[column])
    page = browser.client.get("/reports/" if column else "/login")
    token = csrf_token(page.text)
    cookie = browser.client.get_cookie("auditlog")
    assert cookie is not None
    seen: dict[tuple[str, str], Answer] = {}
    # Signing out comes last: it ends the session.
    for endpoint, method in sorted(product(ADDRESSES, METHODS), key=lambda pair: pair == ("auth.logout", "POST")):
        client = app.test_client()
        client.set_cookie("auditlog", cookie.value)
        with client.open(ADDRESSES[endpoint][1], method=method, headers={"X-CSRFToken": token}) as response:
            to_sign_in = response.status_code == 302 and response.location.startswith("/login")
            seen[endpoint, method] = SIGN_IN if to_sign_in else response.status_code
    wanted = {(e, m): expected(e, m, column) for e in ADDRESSES for m in METHODS}
    assert {k: v for k, v in seen.items() if v != wanted[k]} == {}


@pytest.mark.parametrize("who", [None, "plain", "auditor", "admin"])
def test_an_address_that_nobody_thought_of_is_closed(app: Flask, visitor: Visitor, who: str | None) -> None:
    app.add_url_rule("/reports/forgotten", "forgotten", lambda: "open to all")
    page = visitor(who).get("/reports/forgotten", status=403 if who else 302)
    assert "open to all" not in page


def test_an_unknown_address_is_not_even_denied_to_nobody(visitor: Visitor) -> None:
    response = visitor().client.get("/reports/audit-log/no-such-page")
    assert response.status_code == 302
    assert response.location.startswith("/login")


def test_the_way_to_the_audit_log_is_shown_to_those_who_may_go_it(visitor: Visitor) -> None:
    for who in ("auditor", "admin"):
        page = visitor(who).get("/reports/")
        for end in ("/views/first", ""):
            assert page.count(f'href="/reports/audit-log{end}"') == 1, "in the menu and on the card"
    page = visitor("plain").get("/reports/")
    assert 'href="/reports/audit-log' not in page
    assert "ask your administrator" in page


def test_the_refusal_names_the_administrator_and_is_recorded(db: Database, visitor: Visitor) -> None:
    browser = visitor("plain")
    page = browser.get("/reports/audit-log/events/7", status=403)
    assert "Oskar Lind" in page
    assert "Please ask your administrator" in page
    assert "Alex Morgan" in page
    assert "Mei Tanaka" not in page
    denied = db.last()
    assert (denied["action"], denied["actor_id"], denied["actor_name"]) == ("denied", "3", "Oskar Lind")
    assert denied["context"]["denied"] == {"path": "/reports/audit-log/events/7"}
    assert denied["context"]["ip"] == "127.0.0.1"


def test_the_refusal_shows_hostile_names_as_text(db: Database, visitor: Visitor) -> None:
    db.run("update users set name = '<script>alert(1)</script>'")
    page = visitor("plain").get("/reports/audit-log", status=403)
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 2


@pytest.mark.parametrize("path", ["/reports/audit-log/records/contact/%00", "/reports/audit-log/actors/%F0%28%8C"])
def test_the_refusal_survives_odd_addresses(visitor: Visitor, path: str) -> None:
    assert "You cannot open this page" in visitor("plain").get(path, status=403)


def test_a_demotion_takes_effect_on_the_next_click(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    browser.get("/reports/audit-log")
    db.run("update users set role = 'member' where id = 2")
    browser.get("/reports/audit-log", status=302)
    browser.sign_in("mei@example.org").get("/reports/audit-log", status=403)
    assert "No report is open to you yet" in browser.get("/reports/")


def test_a_permission_is_worth_as_much_as_a_role(db: Database, visitor: Visitor) -> None:
    def oskar() -> Browser:
        return visitor("plain")

    db.run("insert into user_permissions values (3, 'audit.view')")
    assert 'action="/reports/audit-log/export"' not in oskar().get("/reports/audit-log")
    oskar().post("/reports/audit-log/export", page="/reports/", status=403)

    db.run("insert into user_permissions values (3, 'audit.export')")
    assert "/reports/audit-log/export" in oskar().get("/reports/audit-log")
    oskar().post("/reports/audit-log/export", page="/reports/", status=200)

    db.run("delete from user_permissions where permission = 'audit.view'")
    oskar().get("/reports/audit-log", status=403)
