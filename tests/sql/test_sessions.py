"""Sessions of the report in SQL: what its functions refuse, and what happens when two are at the same one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Database
from tests.sql.support import watch

TOKEN, OTHER = b"1" * 32, b"2" * 32
LIMITS = "interval '1 hour', interval '12 hours'"
Connection = psycopg.Connection[Any]


def begin(connection: Connection, token: bytes = TOKEN, user_id: str | None = "7", data: object = None) -> int:
    row = connection.execute(
        "select audit.begin_session(%s, %s, %s, %s, '192.0.2.7', 'curl', %s)",
        (token, user_id, user_id and "Ada", user_id and b"account", Jsonb(data or {})),
    ).fetchone()
    assert row
    return row[0]


@pytest.fixture
def db(shared: Database) -> Database:
    shared.run("delete from audit.web_sessions")
    return shared


@pytest.fixture
def web(db: Database) -> Connection:
    return db.connect("web")


def test_only_a_hash_and_little_data_are_taken(db: Database, web: Connection) -> None:
    begin(web)
    with pytest.raises(psycopg.errors.UniqueViolation):
        begin(web)
    for wrong in ({"token": b"a token as it is"}, {"token": OTHER, "data": {"x": "y" * 9000}}):
        with pytest.raises(psycopg.errors.CheckViolation):
            begin(web, **wrong)
    with pytest.raises(psycopg.errors.CheckViolation):
        web.execute("select audit.keep_session(%s, %s)", (TOKEN, Jsonb({"x": "y" * 9000})))


def test_a_step_on_the_way_is_renewed_by_nobody_and_lists_nothing(db: Database, web: Connection) -> None:
    begin(web, user_id=None, data={"step": 1})
    begin(web, OTHER, user_id=None)
    new = watch(db)
    web.execute("select audit.renew_session(%s, %s)", (TOKEN, b"3" * 32))
    assert web.execute(f"select user_id, data from audit.use_session(%s, {LIMITS})", (TOKEN,)).fetchone() == (
        None,
        {"step": 1},
    )
    assert web.execute(f"select count(*) from audit.list_sessions(%s, {LIMITS})", (TOKEN,)).fetchone() == (0,)
    assert web.execute("select audit.end_other_sessions(%s, 'elsewhere')", (TOKEN,)).fetchone() == (0,)
    assert web.execute("select audit.end_session(%s, null)", (TOKEN,)).fetchone() == (0,)
    assert db.value("select count(*) from audit.web_sessions") == 1
    assert new() == [], "nobody was signed in"


def test_signing_out_waits_for_a_click_and_is_not_lost(db: Database, web: Connection) -> None:
    begin(web)
    db.run("update audit.web_sessions set last_seen_at = last_seen_at - interval '5 minutes'")
    clicking = db.connect("web", autocommit=False)
    clicking.execute(f"select audit.use_session(%s, {LIMITS})", (TOKEN,))
    with ThreadPoolExecutor() as threads:
        ending = threads.submit(lambda: web.execute("select audit.end_session(%s, null)", (TOKEN,)).fetchone())
        clicking.commit()
        assert ending.result(30) == (1,)
    assert db.value("select count(*) from audit.web_sessions") == 0


def test_two_clicks_at_once_do_not_wait_for_each_other(db: Database, web: Connection) -> None:
    begin(web)
    db.run("update audit.web_sessions set last_seen_at = last_seen_at - interval '5 minutes'")
    first = db.connect("web", autocommit=False)
    first.execute(f"select audit.use_session(%s, {LIMITS})", (TOKEN,))
    web.execute("set lock_timeout = '1s'")
    assert web.execute(f"select user_id from audit.use_session(%s, {LIMITS})", (TOKEN,)).fetchone() == ("7",)
    first.rollback()


def test_two_who_clean_up_at_once_record_each_session_once(db: Database, web: Connection) -> None:
    number = begin(web)
    db.run("update audit.web_sessions set last_seen_at = last_seen_at - interval '2 hours'")
    new = watch(db)
    first = db.connect("web", autocommit=False)
    assert first.execute(f"select audit.expire_sessions({LIMITS})").fetchone() == (1,)
    assert web.execute(f"select audit.expire_sessions({LIMITS})").fetchone() == (0,)
    first.commit()
    (event,) = new()
    assert (event["action"], event["record_id"], event["record_label"]) == ("sign_out", "7", "Ada")
    assert event["context"] == {"sign_out": {"reason": "idle", "session": number}}
