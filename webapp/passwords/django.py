"""Hashes that Django wrote, for people whose users are Django's."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode

#: pbkdf2_sha256$1000000$salt$digest, with a number of rounds that ends some day.
PBKDF2 = re.compile(
    r"pbkdf2_sha256\$(?P<rounds>[1-9]\d{0,7})\$(?P<salt>[^$]+)\$(?P<digest>[A-Za-z0-9+/]{43}=)", re.ASCII
)


def matches(password_hash: str, password: str) -> bool | None:
    """Whether it is the password of this hash; None when Django's pbkdf2_sha256 did not make it."""
    found = PBKDF2.fullmatch(password_hash)
    if not found:
        return None
    computed = hashlib.pbkdf2_hmac("sha256", password.encode(), found["salt"].encode(), int(found["rounds"]))
    return hmac.compare_digest(computed, b64decode(found["digest"]))


def argon2(password_hash: str) -> str:
    """A hash of argon2 as everybody writes it: Django puts the word before it once more."""
    return password_hash.removeprefix("argon2")
