"""`auditlog user`: people who may sign in, and the events that this leaves."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import Database
from tests.test_cli import Run, error, invoke
from webapp import password_links, passwords, tokens

MEI = "mei@example.org"


@pytest.fixture
def run(db: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("disable", EMAIL) on this test's own database."""
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url)
    return lambda *arguments, **options: invoke("user", *arguments, **options)


@pytest.fixture
def mei(run: Run) -> str:
    """Mei's link, after she was added."""
    added = run("add", MEI, "--name", "Mei Tanaka", "--role", "auditor")
    assert added.exit_code == 0, added.output
    assert added.output.startswith(f"{MEI} was added as auditor. Hand over this link, good for one use until ")
    return added.output.split()[-1]


def stored(db: Database) -> str:
    return db.value("select password_hash from users where email = %s", MEI)


def owner(db: Database, link: str) -> str | None:
    """Whom the web application takes the link to be of."""
    token = parse_qs(urlsplit(link).query)[password_links.PARAMETER][0]
    with db.connect("web") as web:
        return password_links.owner(web, tokens.hashed(token))


def test_somebody_who_is_added_gets_a_link_that_works_and_no_password(db: Database, mei: str) -> None:
    assert mei.startswith("http://127.0.0.1:8000/choose-password?link=")
    assert owner(db, mei) == db.value("select id::text from users")
    assert not passwords.matches(stored(db), "!")
    assert db.run("select name, role, active from users") == [("Mei Tanaka", "auditor", True)]


def test_a_link_holds_256_random_bits_of_which_only_a_hash_is_kept(db: Database, run: Run, mei: str) -> None:
    token = mei.partition("link=")[2]
    assert len(base64.urlsafe_b64decode(token + "=")) == 32
    kept = db.run("select * from audit.password_links")
    assert token not in str(kept) + str(db.events("true"))
    assert hashlib.sha256(token.encode()).digest() == kept[0][0]


def test_a_link_leads_to_where_people_open_the_report(run: Run, mei: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_PUBLIC_URL", "https://audit.example.org/")
    assert "\nhttps://audit.example.org/choose-password?link=" in run("reset-password", MEI).output


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("audit.example.org", "expected an address such as https://audit.example.org"),
        ("https://audit.example.org/deep", "expected an address such as"),
        ("ftp://audit.example.org", "expected an address such as"),
        ("http://audit.example.org", "passwords need https, except on 127.0.0.1"),
    ],
)
def test_a_public_address_that_leads_nowhere_or_gives_passwords_away_is_refused(
    db: Database, run: Run, monkeypatch: pytest.MonkeyPatch, mei: str, url: str, told: str
) -> None:
    monkeypatch.setenv("AUDITLOG_PUBLIC_URL", url)
    assert told in error(run("reset-password", MEI))
    assert owner(db, mei), "the earlier link is still good"


def test_a_role_can_be_changed(db: Database, run: Run, mei: str) -> None:
    assert run("set-role", MEI.upper(), "editor").output == f"{MEI.upper()} is now editor.\n"
    event = db.last()
    assert (event["changed_fields"], event["after"]["role"], event["application"]) == (
        ["role"],
        "editor",
        "auditlog user",
    )


def test_somebody_can_be_disabled(db: Database, run: Run, mei: str) -> None:
    assert run("disable", MEI).output == f"{MEI} is disabled.\n"
    assert db.value("select active from audit.web_users where login = %s", MEI) is False


def test_somebody_is_signed_out_everywhere_and_for_good_when_disabled(db: Database, run: Run, mei: str) -> None:
    def sign_in() -> None:
        db.run("select audit.begin_session(sha256('t'), user_id, name, 'x') from audit.web_users where login = %s", MEI)

    def signed_in() -> int:
        return db.value("select count(*) from audit.web_sessions")

    sign_in()
    assert run("sign-out", MEI.upper()).output == f"{MEI.upper()} is signed out everywhere.\n"
    assert signed_in() == 0
    run("sign-out", MEI)  # there is nothing to end, and nothing wrong with that
    sign_in()
    run("disable", MEI)
    db.run("update users set active = true")
    assert signed_in() == 0, "it does not come back to life with the account"
    reasons = [event["context"]["sign_out"]["reason"] for event in db.events("action = 'sign_out'")]
    assert reasons == ["administrator", "administrator"]


def test_a_new_link_replaces_the_old_one_and_not_yet_the_password(db: Database, run: Run, mei: str) -> None:
    before = stored(db)
    new = run("reset-password", MEI.upper()).output.split()[-1]
    assert owner(db, new)
    assert not owner(db, mei)
    assert stored(db) == before


def test_somebody_who_lost_the_authenticator_app_signs_in_without(db: Database, run: Run, mei: str) -> None:
    db.run("insert into audit.totp select user_id, 'x', 0 from audit.web_users")
    assert run("reset-totp", MEI).output == f"{MEI} signs in without a code.\n"
    assert db.value("select count(*) from audit.totp") == 0
    assert run("reset-totp", MEI).output == f"{MEI} signs in without a code, as before.\n"
    assert error(run("reset-totp", "nobody@example.org")) == 'there is no user "nobody@example.org"'


def test_passwords_of_another_application_are_changed_there(db: Database, run: Run, mei: str) -> None:
    db.run("revoke update (password_hash) on users from audit_owner")
    assert "passwords are not kept here" in error(run("reset-password", MEI))


def test_somebody_unknown_is_named_and_nothing_is_printed_for_them(run: Run) -> None:
    for command in (
        ["set-role", "x@y.org", "editor"],
        ["disable", "x@y.org"],
        ["sign-out", "x@y.org"],
        ["reset-password", "x@y.org"],
    ):
        assert error(run(*command)) == 'there is no user "x@y.org"'


def test_nobody_is_added_twice_whatever_the_case(db: Database, run: Run, mei: str) -> None:
    assert error(run("add", MEI.upper(), "--name", "Another")).startswith(
        f'there is a user "{MEI.upper()}" already: change them with `auditlog user set-role`, or'
    )
    assert db.value("select count(*) from users") == 1


@pytest.mark.parametrize(
    "command", [("set-role", MEI, "emperor"), ("add", "new@example.org", "--name", "New", "--role", "emperor")]
)
def test_a_role_that_does_not_exist_is_refused_with_those_that_do(run: Run, mei: str, command: tuple[str, ...]) -> None:
    done = run(*command)
    assert done.exit_code == 2
    for role in ("administrator", "auditor", "editor", "member"):
        assert role in done.stderr


def test_a_person_without_name_or_address_is_refused_with_the_cure(run: Run) -> None:
    told = error(run("add", "no address", "--name", "Mei"))
    assert told == '"no address" is no e-mail address: write it as mei@example.org'
    told = error(run("add", "x@example.org", "--name", ""))
    assert told == 'the name of "x@example.org" is empty: give one with --name "Mei Tanaka"'


def test_without_the_table_it_says_how_to_get_one(db: Database, run: Run) -> None:
    db.run("drop table users cascade")
    assert "auditlog migrate --reference-tables" in error(run("disable", MEI))


def test_a_person_is_given_and_denied_single_permissions(db: Database, run: Run, mei: str) -> None:
    def held() -> list[str]:
        return db.value("select permissions from audit.web_users where login = %s", MEI)

    assert mei
    assert held() == ["audit.view", "audit.export"]
    for _ in range(2):  # the second time changes nothing
        assert run("grant", MEI.upper(), "audit.erase").output == f"{MEI.upper()} has audit.erase.\n"
        assert held() == ["audit.view", "audit.export", "audit.erase"]
    given = db.events("table_name = 'user_permissions' and action = 'insert'")
    assert [event["after"]["permission"] for event in given] == ["audit.erase"]
    for _ in range(2):
        assert run("revoke", MEI, "audit.erase").exit_code == 0
        assert held() == ["audit.view", "audit.export"]
    assert error(run("grant", "nobody@example.org", "audit.view")) == 'there is no user "nobody@example.org"'
    assert "is not one of 'audit.erase', 'audit.export'" in run("grant", MEI, "audit.all").output


def test_a_person_is_limited_to_categories_and_the_limit_is_lifted(db: Database, run: Run, mei: str) -> None:
    assert mei
    assert run("limit", MEI, "groups", "contacts").output == f"{MEI} sees Contacts and Groups only.\n"
    assert db.value("select categories from audit.web_users where login = %s", MEI) == ["contacts", "groups"]
    assert db.last()["changed_fields"] == ["categories"], "a change of what somebody sees is a change of a user"
    assert run("limit", MEI, "--lift").output == f"{MEI} sees every category.\n"
    assert db.value("select categories from audit.web_users where login = %s", MEI) is None
    for wrong in ([], ["contacts", "--lift"]):
        assert "name the categories that the person may see, or --lift the limit" in run("limit", MEI, *wrong).output
    assert "'people' is not one of 'contacts', 'groups'" in run("limit", MEI, "people").output
    assert error(run("limit", "nobody@example.org", "contacts")) == 'there is no user "nobody@example.org"'
