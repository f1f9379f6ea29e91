"""Single sign-on against a provider that runs as a program of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import pytest
import requests
from flask import Flask

from tests.clients.places import REPOSITORY, environment, free_port
from tests.conftest import Browser, Database
from tests.web.reading import newest, text_of
from webapp import create_app
from webapp.config import Settings, from_environment
from webapp.errors import ConfigurationError
from webapp.oidc import Provider

SITE = "http://localhost"
BACK = f"{SITE}/login/oidc/return"
CLIENT = ("audit-log", "the secret of this site")
MEI: dict[str, Any] = {"email": "Mei@example.org", "email_verified": True, "groups": ["log-readers", "cooks"]}
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a running provider."""
    port = free_port()
    arguments = [sys.executable, "-m", "tests.oidc.provider", str(port), *CLIENT, BACK]
    with subprocess.Popen(arguments, cwd=REPOSITORY, env=environment(), stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while True:
            try:
                urlopen(f"http://127.0.0.1:{port}/keys").close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, "the provider does not start"  # noqa: PT018
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
        process.kill()


def knows(issuer: str, **claims: Any) -> None:
    """What the provider says of Mei from now on."""
    body = json.dumps(MEI | claims).encode()
    headers = {"Content-Type": "application/json"}
    urlopen(Request(f"{issuer}/people/m.tanaka", body, headers, method="PUT")).close()


@pytest.fixture
def provider(issuer: str) -> Provider:
    knows(issuer)
    return Provider(issuer, *CLIENT, name="Example Inc.", groups_claim="groups", roles={})


@pytest.fixture
def settings(settings: Settings, provider: Provider) -> Settings:
    return replace(settings, oidc=provider, public_url=SITE)


def to_provider(browser: Browser, start: str = "/login/oidc") -> str:
    """Where the button leads."""
    response = browser.client.get(start)
    assert response.status_code == 302, response.text
    return response.location


def at_provider(location: str) -> str:
    """Mei signs in there; where she is sent back to, without the site."""
    response = requests.get(f"{location}&as=m.tanaka", allow_redirects=False, timeout=10)
    assert response.status_code == 302, response.text
    return response.headers["Location"].removeprefix(SITE)


def come_back(browser: Browser, address: str) -> Any:
    return browser.client.get(address)


def sign_in(browser: Browser, start: str = "/login/oidc") -> Any:
    return come_back(browser, at_provider(to_provider(browser, start)))


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app.test_client())


def failures(db: Database) -> list[tuple[str, str]]:
    events = [e["context"]["sign_in_failed"] for e in db.events("action = 'sign_in_failed'")]
    return [(e["reason"], e["method"]) for e in events]


def test_somebody_whom_the_provider_vouches_for_is_in_and_it_is_on_record(db: Database, browser: Browser) -> None:
    page = browser.get("/login?next=/reports/audit-log?category=users")
    assert "Sign in with Example Inc." in page
    response = sign_in(browser, "/login/oidc?next=/reports/audit-log?category=users")
    assert (response.status_code, response.location) == (302, "/reports/audit-log?category=users")
    assert "Mei Tanaka" in browser.get("/reports/audit-log")
    event = db.events("action = 'sign_in'")[-1]
    assert (event["actor_id"], event["context"]["sign_in"]["method"]) == ("2", "oidc")
    assert "by single sign-on" in newest(browser, "/reports/audit-log?action=sign_in")


def test_the_request_carries_state_nonce_and_a_pkce_challenge(browser: Browser) -> None:
    asked = parse_qs(urlsplit(to_provider(browser)).query)
    again = parse_qs(urlsplit(to_provider(browser)).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [BACK]
    for secret in ("state", "nonce", "code_challenge"):
        assert len(asked[secret][0]) >= 20
        assert asked[secret] != again[secret]


def test_a_code_is_worth_nothing_to_whoever_does_not_have_the_verifier(issuer: str, browser: Browser) -> None:
    back = parse_qs(urlsplit(at_provider(to_provider(browser))).query)
    stolen = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": BACK}
    for verifier in ({}, {"code_verifier": "x" * 50}):
        answer = requests.post(f"{issuer}/token", stolen | verifier, auth=CLIENT, timeout=10)
        assert answer.status_code == 400


def test_an_answer_that_was_not_asked_for_in_this_browser_signs_nobody_in(
    db: Database, app: Flask, browser: Browser
) -> None:
    address = at_provider(to_provider(browser))
    victim = Browser(app.test_client())
    for wrong in (address, "/login/oidc/return", "/login/oidc/return?code=x&state=y", "/login/oidc/return?error=%00"):
        response = come_back(victim, wrong)
        assert response.status_code == 403
        assert "did not belong to a sign-in that began here" in response.text
    victim.get("/reports/", status=302)
    assert failures(db) == [("bad_answer", "oidc")] * 4
    assert come_back(browser, address).location == "/reports/"
    assert come_back(browser, address).status_code == 403, "nor twice"


@pytest.mark.parametrize("fault", ["nonce", "signature", "issuer", "audience", "expired"])
def test_a_token_that_does_not_hold_signs_nobody_in(db: Database, issuer: str, browser: Browser, fault: str) -> None:
    knows(issuer, fault=fault)
    assert sign_in(browser).status_code == 403
    assert failures(db) == [("bad_answer", "oidc")]
    browser.get("/reports/", status=302)


def test_what_the_token_leaves_out_is_asked_for(issuer: str, browser: Browser) -> None:
    knows(issuer, thin=True)
    assert sign_in(browser).location == "/reports/"


def test_an_answer_about_somebody_else_is_not_mixed_in(db: Database, issuer: str, browser: Browser) -> None:
    knows(issuer, thin=True, fault="userinfo")
    assert sign_in(browser).status_code == 403
    assert failures(db) == [("bad_answer", "oidc")]


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": None}, {"email": None}])
def test_an_address_that_is_not_verified_is_nobodys(
    db: Database, issuer: str, browser: Browser, claims: dict[str, Any]
) -> None:
    knows(issuer, **claims)
    response = sign_in(browser)
    assert "has not verified an e-mail address of yours" in text_of(response.text)
    assert failures(db) == [("unverified_email", "oidc")]


@pytest.mark.parametrize(
    ("change", "reason"), [("delete from users", "unknown_login"), ("update users set active = false", "disabled")]
)
def test_somebody_without_an_account_is_told_whom_to_ask(
    db: Database, browser: Browser, change: str, reason: str
) -> None:
    db.run(f"{change} where id = 2")
    response = sign_in(browser)
    assert response.status_code == 403
    said = text_of(response.text)
    assert "there is no account for you here. Please ask your administrator: Alex Morgan." in said
    assert failures(db) == [(reason, "oidc")]


def test_whoever_says_no_at_the_provider_is_not_in(db: Database, browser: Browser) -> None:
    denied = requests.get(to_provider(browser), allow_redirects=False, timeout=10).headers["Location"]
    response = come_back(browser, denied.removeprefix(SITE))
    assert "Example Inc. did not let you in." in text_of(response.text)
    assert failures(db) == [("refused", "oidc")]


def test_answers_that_are_made_up_are_slowed_down(db: Database, browser: Browser) -> None:
    statuses = [come_back(browser, "/login/oidc/return?code=x&state=y").status_code for _ in range(8)]
    assert statuses == [403] * 8
    assert [reason for reason, _ in failures(db)] == ["bad_answer"] * 5 + ["throttled"]


# -- groups ----------------------------------------------------------------------------------------


def test_groups_decide_the_role_where_a_setting_says_so(
    db: Database, issuer: str, settings: Settings, provider: Provider, people: object
) -> None:
    mapped = replace(provider, roles={"log-readers": "auditor", "it": "administrator"})
    application = create_app(replace(settings, oidc=mapped))
    try:
        db.run("update users set role = 'member' where id = 2")
        auditor = Browser(application.test_client())
        sign_in(auditor)
        assert 'action="/reports/audit-log/export' in auditor.get("/reports/audit-log")

        knows(issuer, groups=["cooks"])
        db.run("update users set role = 'administrator' where id = 2")
        cook = Browser(application.test_client())
        sign_in(cook)
        cook.get("/reports/audit-log", status=403)
        auditor.get("/reports/audit-log", status=302)

        db.run("update users set active = false where id = 2")
        cook.get("/reports/", status=302)
    finally:
        application.extensions["pool"].close()


# -- proving it again ------------------------------------------------------------------------------


def test_it_can_be_proved_again_at_the_provider(db: Database, issuer: str, browser: Browser) -> None:
    sign_in(browser)
    db.run("update audit.web_sessions set authenticated_at = now() - interval '1 hour'")
    assert "Confirm with Example Inc." in browser.get("/confirm?next=/account/authenticator")
    start = "/login/oidc?confirm=1&next=/account/authenticator"
    location = to_provider(browser, start)
    assert parse_qs(urlsplit(location).query)["prompt"] == ["login"]
    assert come_back(browser, at_provider(location)).location == "/account/authenticator"
    browser.get("/account/authenticator")
    confirmed = db.events("action = 'sign_in'")[-1]["context"]["sign_in"]
    assert (confirmed["method"], confirmed["confirmed"]) == ("oidc", "/account/authenticator")

    db.run("update audit.web_sessions set authenticated_at = now() - interval '1 hour'")
    knows(issuer, fault="did not ask")
    assert "the provider did not ask again" in sign_in(browser, start).text
    assert browser.client.get("/account/authenticator").location.startswith("/confirm")


# -- when it is not there --------------------------------------------------------------------------


def test_a_provider_that_is_down_is_said_so_and_passwords_still_work(
    settings: Settings, provider: Provider, people: object
) -> None:
    gone = replace(provider, issuer=f"http://127.0.0.1:{free_port()}")
    application = create_app(replace(settings, oidc=gone))
    try:
        browser = Browser(application.test_client())
        response = browser.client.get("/login/oidc")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
        assert "Example Inc. does not answer." in text_of(response.text)
        browser.sign_in("mei@example.org").get("/reports/")
    finally:
        application.extensions["pool"].close()


def test_without_a_provider_there_is_no_button_and_no_page(settings: Settings, people: object) -> None:
    application = create_app(replace(settings, oidc=None))
    try:
        browser = Browser(application.test_client())
        assert "Sign in with" not in browser.get("/login")
        browser.get("/login/oidc", status=404)
    finally:
        application.extensions["pool"].close()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "set AUDITLOG_OIDC_CLIENT_ID and AUDITLOG_OIDC_CLIENT_SECRET, too"),
        ({"ISSUER": "http://login.example.org"}, "expected an https:// address"),
        ({"CLIENT_ID": "x", "CLIENT_SECRET": "y", "ROLES": "it=emperor"}, "expected group=role with commas between"),
        ({"CLIENT_ID": "x", "CLIENT_SECRET": "y", "ROLES": "it"}, "expected group=role with commas between"),
        ({"CLIENT_ID": "x", "CLIENT_SECRET": "changeme"}, "AUDITLOG_OIDC_CLIENT_SECRET is too weak"),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_the_cure(given: dict[str, str], told: str) -> None:
    base = {
        "AUDITLOG_DATABASE_URL": "postgresql://x",
        "AUDITLOG_SECRET_KEY": "0123456789abcdefghij0123456789abcdefghij",
    }
    base["AUDITLOG_OIDC_ISSUER"] = "https://login.example.org/"
    with pytest.raises(ConfigurationError, match=told.replace(",", ",")):
        from_environment(base | {f"AUDITLOG_OIDC_{name}": value for name, value in given.items()})


def test_settings_are_read(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("9hT2_vQx7LmZ4rWk\n")
    file.chmod(0o600)
    read = from_environment(
        {
            "AUDITLOG_DATABASE_URL": "postgresql://x",
            "AUDITLOG_SECRET_KEY": "0123456789abcdefghij0123456789abcdefghij",
            "AUDITLOG_OIDC_ISSUER": "https://login.example.org/",
            "AUDITLOG_OIDC_CLIENT_ID": "audit-log",
            "AUDITLOG_OIDC_CLIENT_SECRET_FILE": str(file),
            "AUDITLOG_OIDC_ROLES": "log-readers=auditor, cn=it=administrator",
        }
    ).oidc
    assert read == Provider(
        "https://login.example.org",
        "audit-log",
        "9hT2_vQx7LmZ4rWk",
        "SSO",
        "groups",
        {"log-readers": "auditor", "cn=it": "administrator"},
    )
    assert "9hT2" not in repr(read)


def test_without_its_library_the_settings_are_refused_before_anything_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "authlib", None)
    with pytest.raises(ConfigurationError, match="Authlib is missing: pip install authlib requests"):
        from_environment(
            {
                "AUDITLOG_DATABASE_URL": "postgresql://x",
                "AUDITLOG_SECRET_KEY": "0123456789abcdefghij0123456789abcdefghij",
                "AUDITLOG_OIDC_ISSUER": "https://login.example.org/",
            }
        )
