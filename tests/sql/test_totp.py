"""The second step of signing in: codes of an authenticator app, and recovery codes."""

from __future__ import annotations

import re
import time
from threading import Thread

import pyotp
import pytest
from cryptography.fernet import Fernet
from pyotp.totp import TOTP

from tests.conftest import SECRET_KEY, Connection, Database
from tests.sql.support import denied, seed, watch
from webapp import totp
from webapp.totp import Totp

MEI, OSKAR = Totp(SECRET_KEY, "2"), Totp(SECRET_KEY, "3")


def code(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes from now."""
    return TOTP(secret).at(time.time() + 30 * steps)


@pytest.fixture
def web(shared: Database) -> Connection:
    return shared.connect("web")


@pytest.fixture
def secret(web: Connection) -> str:
    """Mei's, after she has set it up with a code of half a minute ago."""
    secret = MEI.proposed(MEI.propose())
    assert secret
    assert MEI.start(web, secret, code(secret, -1))
    return secret


def test_the_codes_are_those_of_rfc_6238() -> None:
    for at, expected in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert TOTP("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").at(at) == expected


def test_a_code_signs_in_once(web: Connection, secret: str) -> None:
    assert MEI.use(web, code(secret)) == ("totp", None)
    assert MEI.use(web, code(secret)) == (None, "used_code")
    assert MEI.use(web, code(secret, -1)) == (None, "used_code"), "nor an older one"
    spaced = code(secret, 1)
    assert MEI.use(web, f" {spaced[:3]} {spaced[3:]} ") == ("totp", None)


def test_the_code_that_proved_the_app_is_used_up_by_that(web: Connection, secret: str) -> None:
    assert MEI.use(web, code(secret, -1)) == (None, "used_code")


@pytest.mark.parametrize("typed", ["", "000", "abcdef", "٣٤٥٦٧٨", "1234567", "x" * 500, "\x00", "\ud800"])
def test_anything_else_is_wrong(web: Connection, secret: str, typed: str) -> None:
    assert MEI.use(web, typed) == (None, "wrong_code")


def test_a_code_of_minutes_ago_or_to_come_is_wrong(web: Connection, secret: str) -> None:
    for steps in (-3, 3):
        assert MEI.use(web, code(secret, steps)) == (None, "wrong_code")


def test_a_code_is_of_one_person(web: Connection, secret: str) -> None:
    assert OSKAR.use(web, code(secret)) == (None, "wrong_code")


def test_of_two_who_use_a_code_at_once_one_is_refused(shared: Database, web: Connection, secret: str) -> None:
    typed, answers = code(secret), list[object]()

    def use() -> None:
        answers.append(MEI.use(shared.connect("web"), typed)[0])

    threads = [Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, answers)) == ["None", "None", "None", "totp"]


def test_recovery_codes_sign_in_once_each_however_they_are_typed(web: Connection) -> None:
    secret = pyotp.random_base32()
    codes = MEI.start(web, secret, code(secret))
    assert codes
    assert len(set(codes)) == totp.RECOVERY_CODES
    assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", one) for one in codes)
    assert MEI.use(web, codes[0]) == ("recovery code", None)
    assert MEI.use(web, codes[0]) == (None, "wrong_code")
    assert MEI.use(web, codes[1].upper().replace("-", " ")) == ("recovery code", None)
    assert OSKAR.use(web, codes[2]) == (None, "wrong_code")
    enrolment = MEI.enrolment(web)
    assert enrolment
    assert enrolment.recovery_codes == totp.RECOVERY_CODES - 2


def test_new_recovery_codes_replace_the_old_ones(web: Connection) -> None:
    secret = pyotp.random_base32()
    old = MEI.start(web, secret, code(secret))
    assert old
    new = MEI.renew_recovery_codes(web)
    assert MEI.use(web, old[0]) == (None, "wrong_code")
    assert MEI.use(web, new[0]) == ("recovery code", None)


def test_nothing_is_set_up_without_a_right_code_and_nothing_over_what_is_there(web: Connection, secret: str) -> None:
    assert OSKAR.start(web, secret, "000000" if code(secret) != "000000" else "000001") is None
    assert OSKAR.enrolment(web) is None
    other = pyotp.random_base32()
    assert MEI.start(web, other, code(other)) is None
    assert MEI.use(web, code(secret)) == ("totp", None)


def test_setting_up_renewing_and_removing_are_events(shared: Database, web: Connection) -> None:
    seed(shared)
    seen = watch(shared)
    secret = pyotp.random_base32()
    MEI.start(web, secret, code(secret))
    MEI.renew_recovery_codes(web)
    MEI.remove(web)
    MEI.remove(web)
    done = ["start_totp", "renew_recovery_codes", "remove_totp"]
    assert [e["context"]["configure"]["did"] for e in seen()] == done
    assert {(e["action"], e["entity"], e["record_id"], e["record_label"]) for e in seen()} == {
        ("configure", "user", "2", "Tom")
    }
    assert secret not in str(seen())


def test_removing_takes_everything_away(shared: Database, web: Connection, secret: str) -> None:
    MEI.remove(web)
    assert MEI.enrolment(web) is None
    assert MEI.use(web, code(secret)) == (None, "wrong_code")
    assert shared.value("select count(*) from audit.recovery_codes") == 0


def test_what_is_in_the_database_gives_nobody_a_code(shared: Database, web: Connection, secret: str) -> None:
    (stored,) = shared.run("select secret from audit.totp")[0]
    assert secret.encode() not in bytes(stored)
    with pytest.raises(ValueError):  # noqa: PT011 - not even the key of sessions and cursors opens it
        Fernet(SECRET_KEY.encode()).decrypt(bytes(stored))
    for table in ("audit.totp", "audit.recovery_codes", "audit.password_links", "audit.sign_in_attempts"):
        for login in ("web", "reader", "admin", "app"):
            with denied():
                shared.connect(login).execute(f"select * from {table}".encode())


def test_a_secret_that_is_copied_to_somebody_else_is_worth_nothing(
    shared: Database, web: Connection, secret: str
) -> None:
    shared.run("insert into audit.totp select '3', secret, 0 from audit.totp")
    assert OSKAR.use(web, code(secret)) == (None, "wrong_code")
    assert OSKAR.proposed(MEI.propose()) is None


def test_with_another_secret_key_only_recovery_codes_are_left(web: Connection) -> None:
    secret = pyotp.random_base32()
    codes = MEI.start(web, secret, code(secret))
    assert codes
    later = Totp("another-secret-key-0123456789abcdefgh", "2")
    enrolment = later.enrolment(web)
    assert enrolment
    assert enrolment.secret is None
    assert later.use(web, code(secret)) == (None, "wrong_code")
    assert later.use(web, codes[0]) == ("recovery code", None)


def test_a_proposal_is_good_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = MEI.propose()
    assert MEI.proposed(sealed)
    assert MEI.proposed(sealed[:-2] + "xx") is None
    assert MEI.proposed("é") is None
    now = time.time()
    monkeypatch.setattr("cryptography.fernet.time.time", lambda: now + totp.SETUP_SECONDS + 2)
    assert MEI.proposed(sealed) is None


def test_the_qr_code_is_a_drawing_without_style_or_script() -> None:
    drawing = totp.qr_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "mei@example.org")
    assert drawing.startswith("<svg")
    assert not re.search(r"style=|<style|<script|href", drawing)
    assert totp.uri("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "mei@example.org") == (
        "otpauth://totp/Audit%20Log%20Report:mei%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Audit%20Log%20Report"
    )
