"""Links by which people choose a password: made by an administrator, good for one day and once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from . import passwords
from .db import Connection

PARAMETER = "link"
PATH = "/choose-password"


def issue(connection: Connection, login: str) -> tuple[str, datetime]:
    """The address to hand over, without the site, and when it expires. What is stored does not give it away."""
    token = secrets.token_urlsafe(32)
    row = connection.execute("select audit.issue_password_link(%s, %s)", (login, _hash(token))).fetchone()
    assert row is not None
    return f"{PATH}?{PARAMETER}={token}", row[0]


def owner(connection: Connection, token: str) -> str | None:
    """The number of the person whose password the link changes; None when it is not valid."""
    row = connection.execute("select audit.password_link(%s)", (_hash(token),)).fetchone()
    return row[0] if row else None


def redeem(connection: Connection, token: str, password: str) -> bool:
    """Store the password and use the link up. False when somebody was faster."""
    done = connection.execute(
        "select audit.redeem_password_link(%s, %s)", (_hash(token), passwords.hasher.hash(password))
    ).fetchone()
    return bool(done and done[0])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
