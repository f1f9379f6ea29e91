"""When something is broken: what a reader sees, what a machine sees, and that it comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

from tests.conftest import PASSWORD, SECRET_KEY, Browser, Database, check_page, csrf_token
from tests.web.reading import REPORT, text_of
from webapp import config, create_app
from webapp import db as web_db
from webapp.config import Settings
from webapp.errors import ConfigurationError, MigrationError

Visitor = Callable[..., Browser]
SECONDS = 60  # for anything that takes a moment


#: Throw out every connection of the pool.
DROPPED = """select pg_terminate_backend(pid, 10000) from pg_stat_activity
  where datname = current_database() and usename = 'web' and application_name = 'auditlog-web'"""


@contextmanager
def gone(db: Database) -> Generator[None]:
    """The web application's database takes nobody in, and has thrown everybody out."""
    name = conninfo_to_dict(db.url)["dbname"]
    with psycopg.connect(make_conninfo(db.url, dbname="postgres"), autocommit=True) as outside:
        allow = sql.SQL("alter database {} with allow_connections {}")
        outside.execute(allow.format(sql.Identifier(str(name)), sql.Literal(False)))
        try:
            outside.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = %s and usename = 'web'",
                (name,),
            )
            yield
        finally:
            outside.execute(allow.format(sql.Identifier(str(name)), sql.Literal(True)))


def whole(html: str, path: str = "") -> str:
    """The words of an error page, which is a page of ours and tells nothing about the inside."""
    check_page(html, path)
    assert 'class="brand"' in html
    assert "Back to reports" in html
    for secret in ("Traceback", "psycopg", "File ", "connection to server", "webapp", "select "):
        assert secret not in html, secret
    return text_of(html)


# -- the database is gone ------------------------------------------------------------------------


def test_without_its_database_the_report_says_so_and_comes_back_by_itself(
    db: Database, app: Flask, visitor: Visitor
) -> None:
    browser = visitor("auditor")
    browser.get(REPORT)
    with gone(db):
        response = browser.client.get(REPORT)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "10"
        assert response.headers["Cache-Control"] == "no-store"
        assert "The database does not answer" in whole(response.text)
        machine = app.test_client().get("/healthz")
        assert machine.status_code == 503
        assert machine.headers["Retry-After"] == "10"

    deadline = time.monotonic() + SECONDS
    while app.test_client().get("/healthz").status_code != 200:
        assert time.monotonic() < deadline, "it did not come back"
    assert app.test_client().get("/healthz").json == {"status": "ok"}
    browser.get(REPORT)  # still signed in


def test_signing_in_without_a_database_is_no_wrong_password(db: Database, visitor: Visitor) -> None:
    browser = visitor()
    token = browser.client.get("/login")
    with gone(db):
        page = browser.client.get("/login")
        assert page.status_code == 200  # nobody is looked up yet
        data = {"csrf_token": csrf_token(token.text), "login": "mei@example.org", "password": "x"}
        response = browser.client.post("/login", data=data)
        assert response.status_code == 503
        assert "do not match" not in whole(response.text)


def test_connections_that_died_in_the_pool_cost_nobody_an_error(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    browser.get(REPORT)
    dead = db.run(
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
        " where datname = current_database() and usename = 'web'"
    )
    assert dead
    browser.get(REPORT)


# -- too slow, too many --------------------------------------------------------------------------


def test_a_query_that_takes_too_long_is_given_up_with_advice(settings: Settings, db: Database, people: object) -> None:
    app = create_app(replace(settings, statement_timeout=200))
    try:
        browser = Browser(app.test_client()).sign_in("mei@example.org")
        browser.get(REPORT)
        writer = db.connect("postgres", autocommit=False)
        writer.execute("lock table audit.log in access exclusive mode")
        response = browser.client.get(REPORT)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "10"
        words = whole(response.text)
        assert "That took too long" in words
        assert "Narrow the report" in words
        writer.rollback()
        browser.get(REPORT)
    finally:
        app.extensions["pool"].close()


def test_a_query_that_waits_for_a_lock_stops_long_before_that(settings: Settings, db: Database, people: object) -> None:
    app = create_app(replace(settings, lock_timeout=100))
    try:
        browser = Browser(app.test_client()).sign_in("mei@example.org")
        with db.connect("postgres", autocommit=False) as writer:
            writer.execute("lock table audit.log in access exclusive mode")
            response = browser.client.get(REPORT)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
        assert "Too many people at once" in whole(response.text)
        browser.get(REPORT)
    finally:
        app.extensions["pool"].close()


def test_every_connection_gives_up_in_time(app: Flask) -> None:
    with app.app_context(), web_db.connection() as connection:
        for name, wanted in {
            "statement_timeout": "15s",
            "lock_timeout": "3s",
            "idle_in_transaction_session_timeout": "1min",
            "timezone": "UTC",
        }.items():
            assert connection.execute("select current_setting(%s)", (name,)).fetchone() == (wanted,)
        assert connection.info.get_parameters()["connect_timeout"] == "5"


def test_a_database_that_takes_no_more_connections_is_a_page_and_passes(
    db: Database, app: Flask, visitor: Visitor
) -> None:
    browser = visitor("auditor")
    db.run("alter role web connection limit 0")  # the server of this worker is ours alone
    try:
        db.run(DROPPED)
        response = browser.client.get(REPORT)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
        assert "The database does not answer" in whole(response.text)
        patience: web_db.Patience = app.extensions["patience"]
        assert patience.seconds == patience.SHORT, "who comes next is told sooner"
    finally:
        db.run("alter role web connection limit -1")
    deadline = time.monotonic() + SECONDS
    while app.test_client().get("/healthz").status_code != 200:
        assert time.monotonic() < deadline, "it did not come back"
    assert patience.seconds == patience.USUAL
    browser.get(REPORT)


def test_a_database_that_is_too_slow_for_so_many_sheds_some_and_serves_the_rest(
    app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_db.Patience, "USUAL", 0.2)
    browser = visitor("auditor")
    pool: ConnectionPool[Any] = app.extensions["pool"]
    with ExitStack() as busy:
        for _ in range(pool.max_size):
            busy.enter_context(pool.connection())
        response = browser.client.get(REPORT)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
        whole(response.text)
        assert visitor().client.get("/login").status_code == 200
    browser.get(REPORT)


def test_no_secret_is_written_to_the_logs(
    db: Database,
    settings: Settings,
    people: object,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret = "kT8_vQ2mZx0aLr5W"
    app = create_app(replace(settings, database_url=db.url_of("web", password=secret)))
    try:
        browser = Browser(app.test_client()).sign_in("mei@example.org")
        visitor_token = browser.client.get_cookie("auditlog")
        with gone(db):
            assert browser.client.get(REPORT).status_code == 503
        db.run("drop function audit.list_sessions")
        assert browser.client.get("/sessions").status_code == 500
    finally:
        app.extensions["pool"].close()
    logged = "".join(capfd.readouterr()) + caplog.text
    assert "database unavailable" in logged
    assert "unexpected error" in logged
    assert visitor_token is not None
    for kept_to_itself in (secret, SECRET_KEY, PASSWORD, visitor_token.value, "mei@example.org"):
        assert kept_to_itself not in logged


def test_a_mistake_of_ours_shows_no_traceback(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    db.run("drop function audit.status() cascade")
    response = browser.client.get(f"{REPORT}/health")
    assert response.status_code == 500
    assert "Something went wrong" in whole(response.text)


# -- wrong addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nowhere", 404, "Nothing here"),
        ("GET", f"{REPORT}/events/999999999", 404, "Nothing here"),
        ("GET", f"{REPORT}/events/99999999999999999999999", 404, "Nothing here"),
        ("GET", f"{REPORT}/events/-1", 404, "Nothing here"),
        ("GET", f"{REPORT}/events/first", 404, "Nothing here"),
        ("GET", f"{REPORT}/export", 405, "That did not work"),
        ("POST", f"{REPORT}/export", 400, "The form was not complete"),
    ],
)
def test_a_wrong_address_answers_with_a_page_of_ours(
    visitor: Visitor, method: str, path: str, status: int, title: str
) -> None:
    response = visitor("auditor").client.open(path, method=method)
    assert response.status_code == status
    words = whole(response.text, path)
    assert title in words
    assert "Mei Tanaka" in words, "the way out is there too"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(("who", "path"), [(None, "/login"), ("auditor", f"{REPORT}/export"), ("auditor", "/logout")])
def test_a_form_that_is_too_large_is_refused(
    visitor: Visitor, capsys: pytest.CaptureFixture[str], who: str | None, path: str
) -> None:
    response = visitor(who).client.post(path, data={"login": "x" * 100_000})
    assert response.status_code == 413
    assert "Too much at once" in whole(response.text)
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err


# -- it does not start ---------------------------------------------------------------------------


def test_it_does_not_start_on_a_database_that_was_never_migrated(blank: str) -> None:
    with pytest.raises(MigrationError, match=r"not up to date .* run `auditlog migrate` as the database's owner"):
        create_app(Settings(database_url=blank, secret_key=SECRET_KEY))


def test_it_does_not_start_while_a_function_is_pending(db: Database, settings: Settings) -> None:
    db.run("update audit.migrations set checksum = 'of yesterday' where name = 'triggers/status.sql'")
    with pytest.raises(MigrationError, match=r"1 files to apply, the first is triggers/status\.sql.*auditlog migrate"):
        create_app(settings)


def test_it_does_not_start_on_a_database_newer_than_itself(db: Database, settings: Settings) -> None:
    db.run("insert into audit.migrations (name, checksum) values ('migrations/9999_from_the_future.sql', 'x')")
    with pytest.raises(MigrationError, match="9999_from_the_future"):
        create_app(settings)


# -- settings ------------------------------------------------------------------------------------

GOOD = {"AUDITLOG_DATABASE_URL": "postgresql://web@localhost/crm", "AUDITLOG_SECRET_KEY": SECRET_KEY}


def test_a_database_and_a_secret_are_enough() -> None:
    settings = config.from_environment(GOOD)
    assert (settings.database_url, settings.secret_key) == tuple(GOOD.values())


@pytest.mark.parametrize("key", ["", "   ", "letmein", "x" * 64, "ab" * 32, SECRET_KEY[:31]])
def test_a_secret_that_can_be_guessed_is_refused_with_the_way_to_a_good_one(key: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"^AUDITLOG_SECRET_KEY is (not set|too weak).*token_urlsafe"
    ) as caught:
        config.from_environment(GOOD | {"AUDITLOG_SECRET_KEY": key})
    assert not key.strip() or key not in str(caught.value), "a message ends up in logs"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUDITLOG_DATABASE_URL", ""),
        ("AUDITLOG_SECRET", "x"),
        ("AUDITLOG_TIME_ZONE", "Berlin"),
        ("AUDITLOG_TIME_ZONE", "localtime"),
        ("AUDITLOG_BIND", "8000"),
        ("AUDITLOG_POOL_SIZE", "0"),
        ("AUDITLOG_POOL_SIZE", "many"),
        ("AUDITLOG_STATEMENT_TIMEOUT", "99"),
        ("AUDITLOG_LOCK_TIMEOUT", "0"),
        ("AUDITLOG_SESSION_IDLE", "1"),
        ("AUDITLOG_SESSION_LONGEST", "for ever"),
        ("AUDITLOG_CONFIRM_AFTER", "0"),
        ("AUDITLOG_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("AUDITLOG_TRUSTED_PROXIES", "the proxy"),
        ("AUDITLOG_PUBLIC_URL", "http://audit.example.org"),
        ("AUDITLOG_PUBLIC_URL", "audit.example.org"),
        ("AUDITLOG_PUBLIC_URL", "https://audit.example.org/here"),
        ("FLASK_DEBUG", "1"),
    ],
)
def test_a_setting_that_is_wrong_or_unknown_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        config.from_environment(GOOD | {name: value})
