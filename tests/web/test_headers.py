"""Cookies and headers: what a browser is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Flask

from tests.conftest import Browser
from webapp import create_app
from webapp.config import Settings

Visitor = Callable[..., Browser]


def cookie_of(app: Flask) -> str:
    response = app.test_client().get("/login")
    return response.headers["Set-Cookie"]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask) -> None:
    cookie = cookie_of(app)
    assert cookie.startswith("auditlog=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_never_leaves_it(people: object, settings: Settings) -> None:
    app = create_app(replace(settings, public_url="https://audit.example.org"))
    try:
        cookie = cookie_of(app)
        assert cookie.startswith("__Host-auditlog=")
        for part in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite=Lax"):
            assert part in cookie
        assert "Domain" not in cookie
        assert "max-age=" in app.test_client().get("/healthz").headers["Strict-Transport-Security"]
    finally:
        app.extensions["pool"].close()


def test_a_file_is_not_kept_by_browsers_and_proxies_either(visitor: Visitor) -> None:
    with visitor("auditor").post("/reports/audit-log/export", page="/reports/audit-log", status=200) as file:
        assert file.mimetype == "text/csv"
        assert file.headers["Cache-Control"] == "no-store"
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert file.headers["Content-Disposition"].startswith("attachment;")


def test_every_answer_carries_the_security_headers(visitor: Visitor) -> None:
    browser = visitor("auditor")
    paths = ["/login", "/healthz", "/reports/", "/reports/audit-log", "/reports/audit-log/events/1", "/nothing"]
    paths += ["/reports/audit-log?from=x", "/logout", "/static/style.css", "/reports/audit-log/health"]
    for path in paths:
        with browser.client.get(path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert "unsafe" not in policy, path
            assert response.headers["X-Content-Type-Options"] == "nosniff", path
            assert response.headers["Referrer-Policy"] == "same-origin", path
            assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin", path
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin", path
            assert "Strict-Transport-Security" not in response.headers, "plain HTTP on this machine"
            assert ("no-store" in response.headers.get("Cache-Control", "")) == ("static" not in path), path
