"""The one rule for passwords, and their hashes."""

from __future__ import annotations

import gzip
import re
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from ..errors import AuditLogError
from . import django

MINIMUM = 12
MAXIMUM = 128
DIFFERENT = 5  # characters that are not the same: "abababababab" is long, and tried early
BESIDE_KNOWN_WORDS = 8  # what has to be left without the words that anybody knows of this person
PRODUCT = "audit log report auditlog"

hasher = PasswordHasher()


class PasswordError(AuditLogError):
    """The password is not accepted; the message says what to do."""


def check(password: str, *known: str) -> None:
    """Raise PasswordError unless this may be a password. `known`: the person's name and e-mail address.

    Any character counts, and none is required: length is what makes a password hard to guess.
    """
    if not MINIMUM <= len(password) <= MAXIMUM:
        raise PasswordError(
            f"the password has {len(password)} characters: between {MINIMUM} and {MAXIMUM} are accepted"
        )
    plain = password.casefold()
    if plain in _common() or len(set(plain)) < DIFFERENT:
        raise PasswordError("this password is among the first that are tried: choose one that nobody else has")
    left = plain
    for word in sorted(_words(PRODUCT, *known), key=len, reverse=True):
        left = left.replace(word, "")
    if len(left) < BESIDE_KNOWN_WORDS:
        raise PasswordError(
            "this password is little more than your name, your e-mail address or the name of this product: "
            "choose other words"
        )


def matches(password_hash: str, password: str, *, like: str = "") -> bool:
    """Whether it is the password of this hash.

    Where there is no hash, or one of another kind, it takes as long as with `like`, the hash of somebody else.
    """
    answer = django.matches(password_hash, password)
    if answer is not None:
        return answer
    try:
        return hasher.verify(django.argon2(password_hash), password)
    except (InvalidHashError, UnicodeEncodeError):  # not even ASCII
        return matches(like or _nobodys_hash(), password) and False
    except Argon2Error:
        return False


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in re.split(r"[\W_]+", text.casefold()) if len(word) >= 3}


@cache
def _common() -> frozenset[str]:
    packed = resources.files(__name__).joinpath("common.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split())


@cache
def _nobodys_hash() -> str:
    return hasher.hash("no such user")
