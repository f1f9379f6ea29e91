"""The rule for passwords."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.conftest import PRODUCTS_HASHER
from webapp import passwords
from webapp.passwords import PasswordError

MEI = ("Mei Tanaka", "mei.tanaka@example.org")


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "zq7!vB0pLx2k",
        "x1y2z3w4v5u6" * 10 + "8 more..",  # 128
        "pâté et crème brûlée",
        "密码太短了吗不对吧真的呢",
        "  spaces count  too ",
        "tanaka sews eleven kites",
    ],
)
def test_any_characters_make_a_password_when_there_are_enough_of_them(password: str) -> None:
    passwords.check(password, *MEI)
    assert passwords.matches(passwords.hasher.hash(password), password)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("zq7!vB0pLx2", "has 11 characters: between 12 and 128 are accepted"),
        ("x1y2z3w4v5u6" * 10 + "9 too many", "has 130 characters"),
        ("1qaz2wsx3edc", "among the first that are tried"),
        ("QWERTYqwerty", "among the first that are tried"),
        ("Password1234", "among the first that are tried"),
        ("zzzyzzzyzzzyzzzy", "among the first that are tried"),
        ("MeiTanaka2026!", "little more than your name"),
        ("mei.tanaka@example.org", "little more than your name"),
        ("Audit-Log-Report-1", "little more than your name"),
    ],
)
def test_what_is_too_short_too_long_common_or_known_is_refused_with_its_reason(password: str, why: str) -> None:
    with pytest.raises(PasswordError, match=why):
        passwords.check(password, *MEI)


def test_the_list_holds_what_could_be_chosen_and_its_licence_is_beside_it() -> None:
    common = passwords._common()  # pyright: ignore[reportPrivateUsage]
    assert len(common) == 10_000
    assert all(passwords.MINIMUM <= len(word) and word == word.casefold() for word in common)
    assert "MIT License" in (passwords.resources.files(passwords) / "LICENSE-SecLists").read_text()


@pytest.mark.parametrize("password_hash", ["", "plain text", "$2b$12$notargon"])
def test_a_hash_that_is_none_costs_what_a_right_one_costs(password_hash: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, because a timed test would fail on a busy machine: one computation, with the same parameters."""
    computed: list[str] = []

    class Counting(passwords.PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            answer = super().verify(hash, password)  # raises for a hash of another kind, before computing anything
            computed.append(str(hash))
            return answer

    monkeypatch.setattr(passwords, "hasher", PRODUCTS_HASHER)
    passwords._nobodys_hash.cache_clear()  # pyright: ignore[reportPrivateUsage]
    passwords.matches("", "warm")
    monkeypatch.setattr(passwords, "hasher", Counting())
    assert not passwords.matches(password_hash, "no such user")
    assert [h.split("$")[1:4] for h in computed] == [passwords.hasher.hash("x").split("$")[1:4]]
    passwords._nobodys_hash.cache_clear()  # pyright: ignore[reportPrivateUsage]


def test_a_guess_costs_what_the_authors_of_argon2_recommend() -> None:
    """Other tests hash with less."""
    _, kind, _, parameters, *_ = PRODUCTS_HASHER.hash("x").split("$")
    assert (kind, parameters) == ("argon2id", "m=65536,t=3,p=4")
