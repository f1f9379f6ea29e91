"""Whom a request is for, and where it comes from: proxies are believed when they are ours, hosts when they are us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest
from flask import Flask

from tests.conftest import Browser, Database
from tests.web.reading import REPORT
from webapp import create_app, server
from webapp.config import Settings

Visitor = Callable[..., Browser]
SITE = "https://audit.example.org"


@pytest.fixture
def behind(settings: Settings, people: object) -> Iterator[Flask]:
    """The application behind two proxies, as people reach it by HTTPS."""
    proxies = (ip_network("127.0.0.1"), ip_network("10.1.0.0/16"), ip_network("2001:db8::/32"))
    app = create_app(replace(settings, public_url=SITE, trusted_proxies=proxies))
    yield app
    app.extensions["pool"].close()


# -- the Host header -------------------------------------------------------------------------------


def test_only_its_own_names_are_answered(behind: Flask) -> None:
    client = behind.test_client()
    for host in ("audit.example.org", "AUDIT.example.org:443", "127.0.0.1:8000", "localhost", "[::1]:8000"):
        assert client.get("/login", headers={"Host": host}).status_code == 200, host
    strangers = ["evil.example", "audit.example.org.evil.example", "evil.example:8000", "", "[::1", "a b", "0.0.0.0"]
    strangers += ["user@audit.example.org@evil.example", "xaudit.example.org", "192.0.2.1", "<script>", "x" * 300]
    for host in strangers:
        for path in ("/login", REPORT, "/nothing"):
            answer = client.get(path, headers={"Host": host})
            assert answer.status_code == 421, host
            assert "AUDITLOG_PUBLIC_URL" in answer.text, "the cure"
            assert "<script>" not in answer.text
            assert "Set-Cookie" not in answer.headers
    # A machine that looks after it may call it what it wants, and learns nothing.
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).json == {"status": "ok"}


def test_the_address_that_it_listens_on_is_its_name(settings: Settings, people: object) -> None:
    app = create_app(replace(settings, bind="192.0.2.1:8000"))
    try:
        assert app.test_client().get("/login", headers={"Host": "192.0.2.1:8000"}).status_code == 200
    finally:
        app.extensions["pool"].close()


def test_no_host_gets_into_a_redirect(visitor: Visitor) -> None:
    response = visitor().client.get(REPORT, headers={"Host": "localhost:1234", "X-Forwarded-Host": "evil.example"})
    assert response.location == f"/login?next={REPORT}"


# -- addresses -------------------------------------------------------------------------------------

#: Who talks to us, what they say of others, and whom we take it to be.
CHAINS = [
    ("192.0.2.9", "203.0.113.5", "192.0.2.9"),  # no proxy of ours: its word counts for nothing
    ("127.0.0.1", "", "127.0.0.1"),
    ("127.0.0.1", "203.0.113.5", "203.0.113.5"),
    ("127.0.0.1", "198.51.100.1, 203.0.113.5", "203.0.113.5"),  # the first is the visitor's own invention
    ("127.0.0.1", "198.51.100.1, 203.0.113.5,10.1.2.3", "203.0.113.5"),
    ("127.0.0.1", "10.1.2.3, 10.1.2.4", "10.1.2.3"),
    ("127.0.0.1", "203.0.113.5:4711", "203.0.113.5"),
    ("127.0.0.1", "[2001:db9::7]:4711", "2001:db9::7"),
    ("2001:db8::1", "2001:db9::7", "2001:db9::7"),
    ("::ffff:127.0.0.1", "::ffff:203.0.113.5", "203.0.113.5"),
    ("127.0.0.1", "203.0.113.5, unknown", "127.0.0.1"),
    ("127.0.0.1", "<script>, ,,", "127.0.0.1"),
]


def test_a_forwarded_address_counts_when_a_proxy_of_ours_says_it(db: Database, behind: Flask) -> None:
    for peer, forwarded, client in CHAINS:
        browser = Browser(behind.test_client())
        browser.client.environ_base |= {"REMOTE_ADDR": peer, "HTTP_HOST": "audit.example.org"}
        browser.client.environ_base |= {"wsgi.url_scheme": "https"}
        if forwarded:
            browser.client.environ_base["HTTP_X_FORWARDED_FOR"] = forwarded
        browser.sign_in("mei@example.org")
        context = db.last()["context"]
        assert (context["ip"], context.get("proxy")) == (client, peer if client != peer else None), (peer, forwarded)
        assert db.run("select client_addr from audit.web_sessions order by session_id")[-1] == (client,)


def test_without_a_setting_nobody_is_believed(db: Database, visitor: Visitor) -> None:
    browser = visitor()
    browser.client.environ_base |= {"HTTP_X_FORWARDED_FOR": "203.0.113.5", "HTTP_FORWARDED": "for=203.0.113.5"}
    browser.client.environ_base |= {"HTTP_X_REAL_IP": "203.0.113.5", "HTTP_CLIENT_IP": "203.0.113.5"}
    browser.sign_in("mei@example.org")
    assert db.last()["context"]["ip"] == "127.0.0.1"


# -- plain HTTP ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bind", "public_url", "secure", "warned"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000", False, ""),
        ("127.0.0.1:8000", "http://localhost:8000", False, ""),
        ("[::1]:8000", "http://[::1]:8000", False, ""),
        ("127.0.0.1:8000", SITE, True, ""),
        ("0.0.0.0:8000", SITE, True, ""),
        ("0.0.0.0:8000", "http://0.0.0.0:8000", True, "people can sign in by HTTPS only"),
        ("192.0.2.1:8000", "http://192.0.2.1:8000", True, "people can sign in by HTTPS only"),
        ("0.0.0.0:8000", "http://localhost:8000", False, "insecure: 0.0.0.0:8000 is open to other machines"),
    ],
)
def test_plain_http_is_for_this_machine_only(bind: str, public_url: str, secure: bool, warned: str) -> None:
    settings = Settings(database_url="", secret_key="", bind=bind, public_url=public_url)
    assert settings.over_https == secure
    warnings = server.warnings(settings)
    assert bool(warnings) == bool(warned)
    assert warned in "".join(warnings)
