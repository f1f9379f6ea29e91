"""Sessions: kept by the server, ended for good, and seen by their owner."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from flask import Flask

from tests.conftest import PASSWORD, PASSWORD_HASH, Browser, Database, csrf_token
from tests.web.reading import REPORT, detail, newest, text_of
from webapp import accounts, create_app, sessions
from webapp import db as web_db
from webapp.config import Settings

Visitor = Callable[..., Browser]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def token(browser: Browser) -> str:
    cookie = browser.client.get_cookie("auditlog")
    assert cookie is not None
    return cookie.value


def copy_of(app: Flask, browser: Browser) -> Browser:
    """Another browser with the same cookie, as somebody has it who copied it."""
    client = app.test_client()
    client.set_cookie("auditlog", token(browser))
    return Browser(client)


def ended(db: Database) -> list[tuple[Any, ...]]:
    """Who signed out or was, in whose name, and why."""
    return [
        (e["record_label"], e["actor_name"], e["context"]["sign_out"].get("reason"))
        for e in db.events("action = 'sign_out'")
    ]


def age(db: Database, **columns: str) -> None:
    """Move all sessions into the past: what happened `interval` ago."""
    moved = ", ".join(f"{column} = {column} - interval '{interval}'" for column, interval in columns.items())
    db.run(f"update audit.web_sessions set {moved}")


# -- tokens ----------------------------------------------------------------------------------------


def test_a_token_is_random_and_only_its_hash_is_kept(db: Database, visitor: Visitor) -> None:
    one, two = token(visitor("auditor")), token(visitor("auditor"))
    assert one != two
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", t) for t in (one, two)), "43 characters of 6 bits"
    kept = {bytes(row[0]) for row in db.run("select token_hash from audit.web_sessions")}
    assert kept == {sha256(t.encode()).digest() for t in (one, two)}
    assert one not in db.value("select string_agg(s::text, ' ') from audit.web_sessions s")


def test_signing_in_changes_the_token_and_a_planted_one_opens_nothing(app: Flask, visitor: Visitor) -> None:
    browser = visitor()
    browser.get("/login")
    planted = copy_of(app, browser)
    before = token(browser)
    browser.sign_in("mei@example.org")
    assert token(browser) not in (before, before.removeprefix("~"))
    planted.get(REPORT, status=302)
    # Nor does one of the right form that an attacker made up before.
    fixed = visitor()
    fixed.client.set_cookie("auditlog", "A" * 43)
    fixed.sign_in("mei@example.org")
    assert token(fixed) != "A" * 43


def test_visitors_who_do_not_sign_in_cost_the_database_nothing(db: Database, visitor: Visitor) -> None:
    browser = visitor()
    browser.get("/login")
    assert token(browser).startswith("~")
    browser.get("/reports/", status=302)
    visitor().sign_in("mei@example.org", "not the password", status=401)
    assert db.value("select count(*) from audit.web_sessions") == 0


@pytest.mark.parametrize("cookie", ["", "~", "x", "~" + "x" * 100, "\x00", "A" * 43, "~~" + "A" * 43, "é" * 43])
def test_a_cookie_of_no_session_is_replaced(visitor: Visitor, cookie: str) -> None:
    browser = visitor()
    browser.client.set_cookie("auditlog", cookie)
    browser.get("/reports/", status=302)
    browser.sign_in("mei@example.org").get(REPORT)


def test_only_one_cookie_is_ever_set(app: Flask, visitor: Visitor) -> None:
    browser = visitor("auditor")
    names: set[str] = set()
    for response in (
        browser.client.get("/reports/"),
        app.test_client().get("/login"),
        browser.post("/logout", "/reports/"),
    ):
        names |= {cookie.partition("=")[0] for cookie in response.headers.getlist("Set-Cookie")}
    assert names == {"auditlog"}


def test_sessions_work_across_web_processes(settings: Settings, app: Flask, visitor: Visitor) -> None:
    browser = visitor("auditor")
    other = create_app(settings)
    try:
        client = other.test_client()
        client.set_cookie("auditlog", token(browser))
        elsewhere = Browser(client)
        elsewhere.get(REPORT)
        # A form that one process gave out is accepted by the other.
        assert client.post("/logout", data={"csrf_token": csrf_token(browser.get("/reports/"))}).status_code == 302
        browser.get(REPORT, status=302)
    finally:
        other.extensions["pool"].close()


# -- the end ---------------------------------------------------------------------------------------


def test_a_cookie_that_somebody_copied_is_dead_after_signing_out(db: Database, app: Flask, visitor: Visitor) -> None:
    browser = visitor("auditor")
    thief = copy_of(app, browser)
    thief.get(REPORT)
    browser.post("/logout", page="/reports/")
    assert browser.client.get_cookie("auditlog") is None
    thief.get(REPORT, status=302)
    assert ended(db) == [("Mei Tanaka", "Mei Tanaka", None)]
    assert db.value("select count(*) from audit.web_sessions") == 0


#: Somebody else's table, and what happens to people in it and in the reference tables; the last one cannot be undone.
STAFF = f"""
  create table staff (id int, mail text, name text, hash text, enabled boolean, may text[]);
  insert into staff values (2, 'mei@example.org', 'Mei Tanaka', '{PASSWORD_HASH}', true, '{{audit.view}}');
  grant select on staff to audit_owner;
  create or replace view audit.web_users as
    select id::text as user_id, mail as login, name, hash as password_hash, enabled as active, may as permissions,
           null::text[] as categories from staff"""
CHANGES = {
    "own": [
        ("update users set active = false where id = 2", "update users set active = true"),
        (
            "update users set password_hash = 'x' || password_hash",
            "update users set password_hash = substr(password_hash, 2)",
        ),
        ("update users set role = 'administrator' where id = 2", "update users set role = 'auditor'"),
        ("insert into user_permissions values (2, 'audit.erase')", "delete from user_permissions"),
        ("delete from users where id = 2", ""),
    ],
    "somebody else's": [
        ("update staff set enabled = false", "update staff set enabled = true"),
        ("update staff set hash = 'x' || hash", "update staff set hash = substr(hash, 2)"),
        ("update staff set may = '{}'", "update staff set may = '{audit.view}'"),
        ("delete from staff", ""),
    ],
}


@pytest.mark.parametrize("whose", CHANGES)
def test_a_session_ends_for_good_when_its_account_becomes_another(db: Database, visitor: Visitor, whose: str) -> None:
    if whose == "somebody else's":
        db.run(STAFF)
    for change, back in CHANGES[whose]:
        browser = visitor("auditor")
        browser.get(REPORT)
        db.run(change)
        browser.get(REPORT, status=302)
        if back:
            db.run(back)
            browser.get(REPORT, status=302)
    assert ended(db) == [("Mei Tanaka", None, "account")] * len(CHANGES[whose])


def test_who_was_signed_out_is_told_so_and_led_back(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("update users set active = false where id = 2")
    response = browser.client.get(REPORT)
    assert response.location == "/login?next=/reports/audit-log"
    assert "Your session has ended" in browser.get(response.location)
    assert "Your session has ended" not in browser.get("/login"), "it is said once"
    assert ended(db) == [("Mei Tanaka", None, "account")]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [({"last_seen_at": "61 minutes"}, "idle"), ({"started_at": "12 hours 1 minute"}, "limit")],
)
def test_a_session_ends_by_itself(db: Database, visitor: Visitor, columns: dict[str, str], reason: str) -> None:
    browser = visitor("auditor")
    age(db, **dict.fromkeys(columns, "59 minutes"))
    browser.get(REPORT)
    age(db, **columns)
    browser.get(REPORT, status=302)
    visitor("admin")  # the next sign-in cleans up
    assert ended(db) == [("Mei Tanaka", None, reason)]
    assert db.value("select count(*) from audit.web_sessions") == 1


def test_its_limits_are_settings(db: Database, settings: Settings, people: object) -> None:
    app = create_app(replace(settings, session_idle=2, session_longest=5))
    try:
        for column, interval in (("last_seen_at", "2 minutes"), ("started_at", "5 minutes")):
            browser = Browser(app.test_client()).sign_in("mei@example.org")
            browser.get(REPORT)
            age(db, **{column: interval})
            browser.get(REPORT, status=302)
    finally:
        app.extensions["pool"].close()


def test_the_last_use_is_written_once_a_minute_at_most(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    version = "select xmin::text, last_seen_at from audit.web_sessions"
    before = db.run(version)
    browser.get(REPORT)
    assert db.run(version) == before
    age(db, last_seen_at="61 seconds")
    aged = db.run(version)
    browser.get(REPORT)
    seen = db.run(version)
    assert seen != aged
    assert seen[0][1] > before[0][1]
    browser.get(REPORT)
    assert db.run(version) == seen


def test_session_and_user_are_one_query_of_each_request(db: Database, app: Flask, visitor: Visitor) -> None:
    browser = visitor("plain")
    asked: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *args: Any, **options: Any) -> Any:
        asked.append(query if isinstance(query, str) else query.as_string(None))
        return execute(cursor, query, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", noted)
        browser.client.get("/reports/")
    about_users = [query for query in asked if "web_users" in query or "session" in query]
    assert len(about_users) == 1
    assert "audit.use_session" in about_users[0]


def test_the_report_says_how_sessions_ended_and_who_proved_it_again(db: Database, visitor: Visitor) -> None:
    mei, other, admin = visitor("auditor"), visitor("auditor"), visitor("admin")
    hers = f"{REPORT}?actor=2"
    confirmed = csrf_token(mei.get("/confirm"))
    mei.client.post("/confirm", data={"csrf_token": confirmed, "confirm_password": PASSWORD})
    assert "Mei Tanaka login web signed in again Details" in newest(admin, hers)
    mei.post("/sessions/end-others", page="/sessions")
    assert "Mei Tanaka login web ended a session of Mei Tanaka signed out from another session" in newest(admin, hers)
    event = detail(admin, db.events("action = 'sign_out'")[-1]["event_id"])
    assert "Mei Tanaka ended a session of Mei Tanaka" in event
    assert "127.0.0.1" in event
    mei.post("/logout", page="/reports/")
    assert "Mei Tanaka login web signed out Details" in newest(admin, hers)
    other.get(REPORT, status=302)


# -- my sessions -----------------------------------------------------------------------------------


def own_sessions(browser: Browser) -> list[str]:
    """The rows of the page, as a person reads them."""
    html = browser.get("/sessions")
    return [text_of(f"<table>{row}</table>") for row in re.findall(r"<tr>\s*<td.*?</tr>", html, re.DOTALL)]


def test_my_sessions_say_where_when_and_which_browser(db: Database, app: Flask, visitor: Visitor) -> None:
    visitor("admin")
    windows = Browser(app.test_client())
    windows.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    windows.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    windows.sign_in("mei@example.org")
    here = visitor("auditor")
    rows = own_sessions(here)
    assert len(rows) == 2, "and nobody else's"
    assert "this one" in rows[0]
    assert "Firefox on Windows" in rows[1]
    assert "192.0.2.7" in rows[1]
    year = db.value("select extract(year from now())::text")
    assert rows[1].count(year) == 2, "when it began, and was last used"
    assert "60 minutes without a click, and after 12 hours in any case" in here.get("/sessions")


def test_one_session_or_all_others_can_be_signed_out(db: Database, visitor: Visitor) -> None:
    here, second, third, fourth = (visitor("auditor") for _ in range(4))
    stranger = visitor("admin")
    numbers = [row[0] for row in db.run("select session_id from audit.web_sessions order by session_id")]

    here.post(f"/sessions/{numbers[1]}/end", page="/sessions")
    second.get(REPORT, status=302)
    third.get(REPORT)

    here.post("/sessions/end-others", page="/sessions")
    for browser in (third, fourth):
        browser.get(REPORT, status=302)
    assert len(own_sessions(here)) == 1
    assert "Sign out everywhere else" not in here.get("/sessions")
    stranger.get(REPORT)
    assert ended(db) == [("Mei Tanaka", "Mei Tanaka", "elsewhere")] * 3

    response = here.post(f"/sessions/{numbers[0]}/end", page="/sessions")
    assert response.location == "/sessions"
    here.get(REPORT, status=302)


def test_nobody_ends_the_session_of_somebody_else(db: Database, visitor: Visitor) -> None:
    victim = visitor("auditor")
    number = db.value("select session_id from audit.web_sessions")
    attacker = visitor("admin")
    attacker.post(f"/sessions/{number}/end", page="/sessions", status=404)
    attacker.post(f"/sessions/{2**63}/end", page="/sessions", status=404)
    victim.get(REPORT)
    assert ended(db) == []


def test_a_strange_browser_is_shown_as_text(app: Flask) -> None:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = "<script>alert(1)</script>\u202e" + "x" * 400
    page = Browser(client).sign_in("mei@example.org").get("/sessions")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


# -- in between: what a session keeps -----------------------------------------------------------------


def test_a_step_on_the_way_to_signing_in_is_kept_for_minutes(db: Database, app: Flask, settings: Settings) -> None:
    @app.get("/healthz/step")
    def step() -> dict[str, Any]:
        from flask import session

        session["steps"] = session.get("steps", 0) + 1
        return dict(session)

    from webapp import permissions

    permissions.ROUTES["step"] = permissions.PUBLIC
    try:
        browser = Browser(app.test_client())
        assert [browser.client.get("/healthz/step").json for _ in range(2)] == [{"steps": 1}, {"steps": 2}]
        assert db.value("select data from audit.web_sessions") == {"steps": 2}
        browser.get(REPORT, status=302)  # nobody is signed in by that
        age(db, started_at="16 minutes")
        assert browser.client.get("/healthz/step").json == {"steps": 1}
        # Nothing of it lives on after signing in, and it was no session that could have ended.
        browser.sign_in("mei@example.org")
        assert browser.client.get("/healthz/step").json == {"steps": 1}
        assert ended(db) == []
    finally:
        del permissions.ROUTES["step"]


def test_sessions_are_beyond_the_reach_of_the_web_login(db: Database, visitor: Visitor) -> None:
    visitor("auditor")
    web = db.connect("web")
    for statement in (
        "select * from audit.web_sessions",
        "update audit.web_sessions set user_id = '1'",
        "insert into audit.web_sessions (token_hash) values ('')",
        "delete from audit.web_sessions",
        "select audit.end_sessions('{1}', 'x')",
        "select audit.end_sessions_of('2')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            web.execute(statement)
    # Without a token it finds nothing, not even with the number of a session.
    none = sha256(b"made up").digest()
    assert web.execute("select * from audit.list_sessions(%s, '1 h', '1 h')", (none,)).fetchall() == []
    for number in (None, db.value("select session_id from audit.web_sessions")):
        assert web.execute("select audit.end_session(%s, 'x', %s)", (none, number)).fetchone() == (0,)
    with web.transaction():
        assert sessions.find(web, "A" * 43, sessions.SessionLimits(*[timedelta(hours=1)] * 3)) is None


def test_an_administrator_of_the_database_signs_people_out(db: Database, visitor: Visitor) -> None:
    mei, alex = visitor("auditor"), visitor("admin")
    admin = db.connect("admin")
    assert admin.execute("select audit.end_sessions_of('2')").fetchone() == (1,)
    mei.get(REPORT, status=302)
    alex.get(REPORT)
    assert admin.execute("select audit.end_sessions_of()").fetchone() == (1,)
    alex.get(REPORT, status=302)
    assert {reason for _, _, reason in ended(db)} == {"administrator"}


# -- proof of who it is -------------------------------------------------------------------------------


def test_an_export_takes_the_password_again_after_a_while(db: Database, app: Flask, visitor: Visitor) -> None:
    browser = visitor("auditor")
    report = browser.get(f"{REPORT}?category=access")
    age(db, authenticated_at="16 minutes")
    before = token(browser)
    fields = {"csrf_token": csrf_token(report), "for_excel": "y"}
    address = f"{REPORT}/export?category=access"
    referrer = {"Referer": f"http://localhost{REPORT}?category=access"}
    asked = browser.client.post(address, data=fields, headers=referrer)
    assert asked.status_code == 401
    assert "Confirm that it is you" in asked.text
    assert 'name="for_excel" value="y"' in asked.text, "what was typed is kept"
    assert f'href="{REPORT}?category=access"' in asked.text, "the way back"
    assert db.events("action = 'export'") == []

    fields["csrf_token"] = csrf_token(asked.text)
    for wrong, said in (("", "Enter your password"), ("not hers", "That is not your password")):
        again = browser.client.post(address, data=fields | {"confirm_password": wrong})
        assert again.status_code == 401
        assert said in again.text
        assert 'name="for_excel" value="y"' in again.text
        assert "not hers" not in again.text
    failed = db.last()
    assert (failed["action"], failed["actor_id"]) == ("sign_in_failed", "2")
    assert failed["context"]["sign_in_failed"]["confirmed"] == f"{REPORT}/export"
    assert db.events("action = 'export'") == []

    done = browser.client.post(address, data=fields | {"confirm_password": PASSWORD})
    assert done.mimetype == "text/csv"
    assert done.data.startswith(b"\xef\xbb\xbf"), "marked as it was asked for at first"
    confirmed = db.events("action = 'sign_in'")[-1]
    assert confirmed["context"]["sign_in"] == {"confirmed": f"{REPORT}/export", "method": "password"}
    # The old token is worth nothing, and pages that are open are not too old.
    assert token(browser) != before
    dead = app.test_client()
    dead.set_cookie("auditlog", before)
    assert dead.get(REPORT).status_code == 302
    assert browser.client.post(address, data={"csrf_token": csrf_token(report)}).mimetype == "text/csv"


def test_a_page_that_takes_a_proof_is_reached_by_it(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    page = browser.get("/confirm?next=/reports/audit-log?category=users")
    sent = {"csrf_token": csrf_token(page), "next": "/reports/audit-log?category=users"}
    wrong = browser.client.post("/confirm", data=sent | {"confirm_password": "x"})
    assert wrong.status_code == 400
    right = browser.client.post("/confirm", data=sent | {"confirm_password": PASSWORD})
    assert right.location == "/reports/audit-log?category=users"
    away = browser.client.post("/confirm", data=sent | {"confirm_password": PASSWORD, "next": "//evil.example"})
    assert away.location == "/reports/"


def test_who_has_no_password_here_is_told_to_sign_in_again(db: Database, app: Flask, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("update users set password_hash = '!' where id = 2")
    with app.app_context(), web_db.connection() as connection:
        mei = accounts.by_id(connection, "2")
    assert mei
    db.run("update audit.web_sessions set account = %s", mei.fingerprint)
    page = browser.get("/confirm")
    assert "you have no password here" in page
    assert 'name="confirm_password"' not in page


def test_ending_other_sessions_takes_a_proof_too(db: Database, visitor: Visitor) -> None:
    other, browser = visitor("auditor"), visitor("auditor")
    page = browser.get("/sessions")
    age(db, authenticated_at="16 minutes")
    asked = browser.client.post("/sessions/end-others", data={"csrf_token": csrf_token(page)})
    assert asked.status_code == 401
    other.get(REPORT)


def test_going_on_with_a_file_takes_a_proof_like_the_file_itself(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    report = browser.get(REPORT)
    browser.post(f"{REPORT}/export", page=REPORT, status=200)
    begun = db.events("action = 'export'")[0]
    age(db, authenticated_at="16 minutes")
    asked = browser.client.post(
        f"{REPORT}/exports/{begun['event_id']}/continue",
        data={"csrf_token": csrf_token(report), "after": str(begun["event_id"] - 1)},
    )
    assert asked.status_code == 401
    assert "Confirm that it is you" in asked.text
    assert len(db.events("action = 'export'")) == 2, "the first one and its end"


# -- tokens of forms ----------------------------------------------------------------------------------


def test_a_form_from_an_earlier_session_is_offered_again_with_what_was_typed(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    stale = csrf_token(browser.get(REPORT))
    browser.post("/logout", page="/reports/")
    browser.sign_in("mei@example.org")
    address = f"{REPORT}/export?category=access"
    sent = {"csrf_token": stale, "for_excel": "y", "reason": "<b>quarter</b>", "password": "typed"}
    answer = browser.client.post(address, data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 400
    assert "This page was too old" in answer.text
    assert 'name="reason" value="&lt;b&gt;quarter&lt;/b&gt;"' in answer.text
    assert "typed" not in answer.text
    assert db.events("action = 'export'") == []
    again = browser.client.post(address, data={"csrf_token": csrf_token(answer.text), "for_excel": "y"})
    assert again.data.startswith(b"\xef\xbb\xbf")


def test_a_stale_sign_in_form_keeps_the_address(visitor: Visitor) -> None:
    browser = visitor()
    stale = csrf_token(browser.get("/login"))
    browser.client.delete_cookie("auditlog")
    browser.get("/login")
    answer = browser.client.post("/login", data={"csrf_token": stale, "login": "mei@example.org", "password": PASSWORD})
    assert answer.status_code == 400
    assert "This page was too old" in answer.text
    assert 'value="mei@example.org"' in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8080"},
    ],
    ids=lambda headers: " ".join(*headers.items()),
)
def test_a_form_from_another_site_changes_nothing_even_with_a_token(
    db: Database, visitor: Visitor, headers: dict[str, str]
) -> None:
    browser = visitor("auditor")
    sent = {"csrf_token": csrf_token(browser.get(REPORT)), "reason": "kept?"}
    for address in (f"{REPORT}/export", "/logout", "/sessions/end-others", "/login"):
        answer = browser.client.post(address, data=sent, headers=headers)
        assert answer.status_code == 400, address
        assert "That came from another site" in answer.text
        assert "kept?" not in answer.text, "nothing of theirs is offered again"
    browser.get(REPORT)
    assert db.events("action = 'export'") == []
