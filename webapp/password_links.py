"""Links by which people choose a password: made by an administrator, good for one day and once."""

from __future__ import annotations

from datetime import datetime

from . import tokens
from .db import Connection

PARAMETER = "link"
PATH = "/choose-password"


def issue(connection: Connection, login: str) -> tuple[str, datetime]:
    """The address to hand over, without the site, and when it expires. What is stored does not give it away."""
    token = tokens.new()
    row = connection.execute("select audit.issue_password_link(%s, %s)", (login, tokens.hashed(token))).fetchone()
    assert row is not None
    return f"{PATH}?{PARAMETER}={token}", row[0]


def owner(connection: Connection, link: bytes) -> str | None:
    """The number of the person whose password the link with this hash changes; None when it is not valid."""
    row = connection.execute("select audit.password_link(%s)", (link,)).fetchone()
    return row[0] if row else None


def redeem(connection: Connection, link: bytes, password_hash: str) -> bool:
    """Store the password and use the link up. False when somebody was faster."""
    done = connection.execute("select audit.redeem_password_link(%s, %s)", (link, password_hash)).fetchone()
    return bool(done and done[0])
