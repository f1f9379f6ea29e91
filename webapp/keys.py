"""Keys for one purpose each, out of the one secret key: what one of them protects says nothing about another."""

from __future__ import annotations

import hmac


def derived(secret_key: str, purpose: str) -> bytes:
    """32 bytes that only this secret key gives for this purpose."""
    return hmac.digest(secret_key.encode(), purpose.encode(), "sha256")
