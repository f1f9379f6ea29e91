"""Hostile input to every route: it is answered by a page of ours, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer
from werkzeug.routing import Rule

from tests.conftest import Browser, Database
from tests.web.attacking import address, forms, harmless, parameters, rules, token, with_query
from tests.web.reading import REPORT, event_ids, link, many
from webapp.filters import PARAMETERS
from webapp.web import cursors
from webapp.web.addresses import PLACE

Visitor = Callable[..., Browser]
ENDING = {
    "auth.logout": "/logout",
    "sessions.end_others": "/sessions/end-others",
}  # each ends sessions: in one of its own
HEADERS = st.dictionaries(
    st.sampled_from(
        ["User-Agent", "Referer", "X-Forwarded-For", "Accept-Language", "Cookie2", "Range", "If-None-Match"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    max_size=3,
)

SQL = [
    "' or '1'='1",
    "1' or 1=1 --",
    '" or ""="',
    "') or pg_sleep(3) is null --",
    "'; drop table contacts cascade; --",
    "1; update users set role = 'administrator'",
    "' union select password_hash from audit.web_users --",
    "%s %(actor)s {conditions} {scope} %% {0}",
    "$$;select 1;$$",
    "\\'; select 1; --",
    "contacts' and category = any (null) or 'a'='a",
]
MALFORMED = [
    "\x00",
    "\ufeff\ud7ff",
    "\u202e\u2066evil",
    "a\r\nSet-Cookie: a=b",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "//evil.example/",
    "%00%0d%0a",
    "{{ 7 * 7 }}${7*7}<%= 7 %>",
    "<script>alert(1)</script>",
    "9" * 40,
    "-1",
    "1e309",
    "NaN",
    "null",
    "[object Object]",
    "[]",
    "x" * 3000,
    "\U0001f4a9" * 300,
    "0x7fffffffffffffff",
    "9223372036854775808",
    "2026-02-30",
    "0000-00-00",
    "Ａ" * 50,
]


def attempts(app: Flask, names: list[str], value: str, csrf: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """A value in every variable part, in every parameter and in every field."""
    for rule in rules(app):
        if rule.endpoint in ENDING:
            continue
        path = address(rule, value or "1", number=value if value.isdigit() else "1")
        if "GET" in (rule.methods or set()):
            yield "GET", path, {}
            yield "GET", with_query(address(rule), **dict.fromkeys(names, value)), {}
        else:
            yield "POST", path, dict.fromkeys(names, value) | {"csrf_token": csrf}
            yield "POST", with_query(address(rule), **dict.fromkeys(PARAMETERS, value)), {}
    for name in names:
        yield "GET", with_query(REPORT, **{name: value}), {}


@pytest.mark.parametrize("who", ["admin", None])
def test_hostile_input_to_any_route_is_answered_by_a_page_that_tells_nothing(
    db: Database, app: Flask, visitor: Visitor, who: str | None
) -> None:
    many(db, 3)
    browser = visitor(who)
    csrf = token(browser)
    names = parameters(app, browser)
    before = state(db)
    wrong: list[str] = []
    for value in [*SQL, *MALFORMED] if who else [SQL[0], *MALFORMED[:6]]:
        for method, path, data in attempts(app, names, value, csrf["X-CSRFToken"]):
            with browser.client.open(path, method=method, data=data or None, headers=csrf) as response:
                if fault := harmless(response):
                    wrong.append(f"{method} {path[:160]}: {fault}")
        for endpoint, path in ENDING.items():
            ended = visitor(who)
            with ended.client.post(path, data=dict.fromkeys(names, value), headers=token(ended)) as response:
                if fault := harmless(response):
                    wrong.append(f"{endpoint} with {value[:60]}: {fault}")
    assert wrong == []
    assert state(db) == before


def state(db: Database) -> list[tuple[Any, ...]]:
    """Everything that a visitor must not change."""
    return db.run(
        "select (select md5(string_agg(u::text, '|' order by id)) from users u), "
        "(select count(*) from pg_class where relnamespace in ('public'::regnamespace, 'audit'::regnamespace) "
        "and relkind in ('r', 'p', 'v')), "
        "(select count(*) from audit.events where action not in "
        "('view', 'export', 'denied', 'sign_in', 'sign_in_failed', 'sign_out'))"
    )


def test_sql_in_a_filter_is_looked_for_and_never_run(db: Database, visitor: Visitor) -> None:
    many(db, 3)
    browser = visitor("auditor")
    assert len(event_ids(browser.get(REPORT))) > 3
    for value in SQL:
        for name in ("actor", "login", "entity", "record"):
            answer = browser.client.get(with_query(REPORT, **{name: value}), follow_redirects=True)
            assert (answer.status_code, event_ids(answer.text)) == (200, []), (name, value)
        for name in ("from", "to", "category", "action", "tz"):
            browser.get(with_query(REPORT, **{name: value}), status=400)
    # A record that is really called so is found, and only it.
    db.run("create table odd (name text primary key)")
    db.run("select audit.track('odd')")
    for value in SQL:
        db.run("insert into odd values (%s)", value)
        answer = browser.client.get(with_query(REPORT, record=value), follow_redirects=True)
        assert len(event_ids(answer.text)) == 1


def test_a_cursor_that_was_tampered_with_leads_nowhere(db: Database, app: Flask, visitor: Visitor) -> None:
    many(db, 120)
    browser = visitor("auditor")
    page = browser.get(REPORT)
    good = (link(page, "next") or "").partition("before=")[2].partition("&")[0]
    assert browser.get(with_query(REPORT, before=good))
    body, _, signature = good.rpartition(".")
    with app.test_request_context():
        secret = app.secret_key
        app.secret_key = "somebody else's key, as long as ours is"
        foreign = cursors.dump((datetime.now(UTC), 1))
        app.secret_key = secret
        # Signed by us, but for something else.
        other = str(URLSafeSerializer(str(secret), salt="session").dumps(["2026-01-01T00:00:00+00:00", 1]))
    flipped = ("A" if body[5] != "A" else "B").join((body[:5], body[6:]))
    for bad in (
        f"{flipped}.{signature}",
        body,
        f"{body}.",
        f".{signature}",
        good + "x",
        good[::-1],
        foreign,
        other,
        "W10.x",
    ):
        for name in ("before", "after"):
            page = browser.get(with_query(REPORT, **{name: bad}), status=400)
            assert "This link to a page is damaged" in page
            assert event_ids(page) == []


def test_nobody_learns_by_a_cursor_what_a_limit_hides(db: Database, visitor: Visitor) -> None:
    """A link that a colleague without a limit sends shows the reader's own events."""
    many(db, 60)
    browser = visitor("auditor")
    borrowed = link(browser.get(REPORT), "next")
    assert borrowed
    assert event_ids(browser.get(borrowed))
    db.run("update users set categories = '{groups}' where id = 2")
    assert event_ids(browser.get(borrowed)) == []


HOSTS = [
    "evil.example",
    "localhost:80@evil.example",
    "evil.example@localhost",
    "localhost/evil.example",
    "localhost#evil",
    "127.0.0.1 evil.example",
    "a" * 300,
    "",
    "[::1",
]


def test_a_host_header_never_leads_elsewhere(visitor: Visitor) -> None:
    browser = visitor()
    for host, path in product(HOSTS, ("/", "/reports", "/reports/audit-log", "/login?next=/reports/")):
        with browser.client.get(path, headers={"Host": host, "X-Forwarded-Host": "evil.example"}) as response:
            assert response.status_code in (400, 421), (host, path)
            assert "Location" not in response.headers
            assert not re.search(r"(href|action|src)=.[^>]*evil", response.get_data(as_text=True))


PATHS = [
    "//evil.example/reports", "/reports/../../etc/passwd", "/static/../config.py", "/static/..%2f..%2fconfig.py",
    "/static/%2e%2e/%2e%2e/etc/passwd", "/static//etc/passwd", "/reports/audit-log/", "/REPORTS/audit-log",
    "/reports/audit-log;x=1", "/reports/audit-log%00", "/reports%2faudit-log", "/.git/config", "/login/%2e%2e/reports/",
    "/\\evil.example", "/reports/audit-log/events/1e3", "/reports/audit-log/events/-1", "/reports/audit-log/events/%D9%A1",
    "/healthz/../reports/audit-log", "/reports/audit-log/records/user/../../events/1", "*", "/%",
]  # fmt: skip


@pytest.mark.parametrize("who", [None, "plain"])
def test_no_spelling_of_a_path_goes_round_the_gate(visitor: Visitor, who: str | None) -> None:
    browser = visitor(who)
    for path in PATHS:
        for method in ("GET", "POST", "HEAD", "TRACE", "PROPFIND", "get"):
            with browser.client.open(path, method=method) as response:
                assert harmless(response) is None, (method, path)
                assert response.status_code not in (200, 204), (method, path, "is open")
                location = response.headers.get("Location", "/").removeprefix("http://localhost")
                assert location.startswith("/"), (path, location)
                assert not location.startswith("//"), (path, location)


TEXT = st.text(max_size=40) | st.sampled_from([*SQL, *MALFORMED])
#: Lines of the query language that are nearly right.
PIECES = st.builds(
    "{}{}:{}".format, st.sampled_from(["", "-", '"']), st.sampled_from([*PARAMETERS, "created", "words"]), TEXT
)
QUERIES = st.lists(PIECES | TEXT, max_size=4).map(" ".join)


def test_random_requests_are_answered_by_pages_of_ours(app: Flask, visitor: Visitor) -> None:
    """A few for every route: chance must not leave one out."""
    browser = visitor("admin")

    # Not shrunk: a request is short enough to be read, and too slow to be made a thousand times.
    @settings(max_examples=6, phases=[Phase.generate], deadline=None)
    @given(data=st.data())
    def try_one(rule: Rule, data: st.DataObject) -> None:
        random_request(visitor("admin") if rule.endpoint in ENDING else browser, rule, data)

    for rule in rules(app):
        try_one(rule)


def random_request(browser: Browser, rule: Rule, data: st.DataObject) -> None:
    method = data.draw(st.sampled_from([*sorted(rule.methods or set()), "PUT"]))
    query = data.draw(st.lists(st.tuples(st.sampled_from([*PARAMETERS, *PLACE, "next", "x"]) | TEXT, TEXT), max_size=4))
    path = address(rule, data.draw(TEXT) or "1", number=str(data.draw(st.integers(0, 2**70))))
    headers = {"X-CSRFToken": token(browser)["X-CSRFToken"], **data.draw(HEADERS)}
    body = data.draw(
        st.binary(max_size=200)
        | st.just(b"csrf_token=&login=%00&password=%ff")
        | QUERIES.map(lambda query: urlencode({"q": query}, errors="replace").encode())
    )
    kind = data.draw(
        st.sampled_from(["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "a/b; c"])
    )
    with browser.client.open(
        f"{path}?{urlencode(query)}", method=method, data=body, content_type=kind, headers=headers
    ) as response:
        assert harmless(response) is None, f"{method} {path}?{urlencode(query)}"


def test_a_request_too_large_in_any_way_is_refused_in_words(db: Database, app: Flask, visitor: Visitor) -> None:
    db.run("insert into user_permissions values (1, 'audit.erase')")  # so that every form is open
    browser = visitor("admin")
    csrf = token(browser)
    for rule in forms(app):
        for data in ({"x": "y" * 70_000}, {f"f{n}": "1" for n in range(5_000)}, {"csrf_token": "t" * 70_000}):
            if rule.endpoint in ENDING:
                browser = visitor("admin")
                csrf = token(browser)
            with browser.client.post(address(rule, number="99999"), data=data, headers=csrf) as response:
                assert harmless(response) is None, rule.rule
                assert response.status_code in (200, 302, 303, 400, 404, 413), (rule.rule, response.status)
