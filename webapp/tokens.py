"""Random tokens that open something, and the hashes by which the database knows them."""

from __future__ import annotations

import hashlib
import secrets


def new() -> str:
    """256 random bits, in characters that an address or a cookie takes."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    """What is stored. Random enough that nobody finds it by trying: a slow hash would add nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
