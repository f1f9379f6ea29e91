"""Who may sign in: the people in audit.web_users and their passwords."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask_login import UserMixin
from psycopg.rows import class_row

from . import passwords
from .db import Connection
from .queries import load
from .scopes import Scope


@dataclass(frozen=True)
class User(UserMixin):
    """A row of audit.web_users."""

    user_id: str
    login: str
    name: str
    password_hash: str
    active: bool
    permissions: list[str]
    categories: list[str] | None

    def get_id(self) -> str:
        """What the session holds: the id, and a trace of the password, so that a new one ends old sessions."""
        trace = hashlib.sha256(self.password_hash.encode()).hexdigest()[:16]
        return f"{trace}:{self.user_id}"

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def scope(self) -> Scope:
        return Scope.of(self.categories)


def by_session_id(connection: Connection, session_id: str) -> User | None:
    """The user of a session, read again on every request: a demotion takes effect on the next click."""
    _, _, user_id = session_id.partition(":")
    with connection.cursor(row_factory=class_row(User)) as rows:
        user = rows.execute(load("user_by_id"), {"user_id": user_id}).fetchone()
    return user if user and user.active and user.get_id() == session_id else None


@dataclass(frozen=True)
class Attempt:
    """How a sign-in went: whose account was named, if there is one, and why it failed, if it did."""

    account: User | None
    failure: str = ""  # unknown_login, wrong_password or disabled: for the record, never for the visitor


def authenticate(connection: Connection, login: str, password: str) -> Attempt:
    """Whether this is the password of that user. Unknown, disabled and wrong take the same time."""
    with connection.cursor(row_factory=class_row(User)) as rows:
        # PostgreSQL has no text with a NUL in it.
        user = rows.execute(load("user_by_login"), {"login": login.strip().replace("\x00", "\ufffd")}).fetchone()
    right = passwords.matches(user.password_hash if user else "", password)
    if user is None:
        return Attempt(None, "unknown_login")
    if not right:
        return Attempt(user, "wrong_password")
    return Attempt(user, "" if user.active else "disabled")


def administrators(connection: Connection) -> list[str]:
    """Names to ask for permissions."""
    return [row[0] for row in connection.execute(load("administrators")).fetchall()]
