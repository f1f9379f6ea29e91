"""People who are Django's users already sign in with the passwords that they have."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import PASSWORD, PASSWORD_HASH, Browser, Database
from tests.web.reading import REPORT
from webapp import passwords
from webapp.passwords import django

Visitor = Callable[..., Browser]
HERE = Path(__file__).parent
MARK = "<!-- tried by tests/web/test_django_users.py -->\n```sql\n"


def test_djangos_users_sign_in_with_their_hashes_and_may_do_what_their_groups_say(
    db: Database, visitor: Visitor
) -> None:
    parts = conninfo_to_dict(db.url)
    where = {f"PG{key.upper()}": str(parts[name]) for key, name in
             {"host": "host", "port": "port", "user": "user", "database": "dbname"}.items()}  # fmt: skip
    command = [sys.executable, HERE / "django_users.py", PASSWORD]
    done = subprocess.run(command, env=os.environ | where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    db.run((HERE.parents[1] / "README.md").read_text().partition(MARK)[2].partition("```")[0])
    assert db.run("select * from audit.check_web_users()") == []

    hashes = dict(db.run("select login, password_hash from audit.web_users"))
    assert {login: re.split(r"\$", hash_)[0][:13] for login, hash_ in hashes.items()} == {
        "joan": "pbkdf2_sha256", "hugh": "argon2", "mavis": "pbkdf2_sha256", "dilly": "pbkdf2_sha256",
        "keith": hashes["keith"][:13],
    }  # fmt: skip
    joan = visitor().sign_in("Joan")
    assert "Joan Clarke" in joan.get(REPORT)
    assert "audit.manage" in db.value("select permissions from audit.web_users where login = 'joan'")
    hugh = visitor().sign_in("hugh")
    hugh.get(REPORT)
    visitor().sign_in("mavis").get(REPORT, status=403)
    for login, password in {"dilly": PASSWORD, "keith": PASSWORD, "joan": "wrong password", "keith ": "!"}.items():
        visitor().sign_in(login, password, status=401)

    db.run("update auth_user set is_active = false where username = 'hugh'")
    hugh.get(REPORT, status=302)
    db.run("delete from auth_user_groups where user_id = (select id from auth_user where username = 'Joan')")
    assert joan.client.get(REPORT).status_code in (302, 403), "out, or without the permission"


@pytest.mark.parametrize(
    "malformed", ["pbkdf2_sha256$0$salt$x", "pbkdf2_sha256$10$salt$", "pbkdf2_sha1$10$salt$x", "pbkdf2_sha256$9"]
)
def test_what_only_resembles_a_hash_of_djangos_is_nobodys_password(malformed: str) -> None:
    assert django.matches(malformed, "") is None
    assert passwords.matches(malformed, "") is False


@pytest.mark.parametrize("nobody", ["", "!unusable", "not a hash: pässwörter"])
def test_whoever_is_not_there_costs_what_one_of_djangos_users_costs(
    monkeypatch: pytest.MonkeyPatch, nobody: str
) -> None:
    """Counted, not timed: the same computation with the same rounds."""
    rounds: list[int] = []
    real = django.hashlib.pbkdf2_hmac

    def counting(name: str, password: bytes, salt: bytes, iterations: int) -> bytes:
        rounds.append(iterations)
        return real(name, password, salt, iterations)

    monkeypatch.setattr(django.hashlib, "pbkdf2_hmac", counting)
    like = "pbkdf2_sha256$17$seasalt$" + "A" * 43 + "="
    assert passwords.matches(nobody, "guess", like=like) is False
    assert passwords.matches(like, "guess") is False
    assert rounds == [17, 17]
    assert passwords.matches(nobody, PASSWORD, like=PASSWORD_HASH) is False, "even with the right one of somebody else"
