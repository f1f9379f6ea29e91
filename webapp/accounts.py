"""Who may sign in: the people in audit.web_users and their passwords."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import class_row

from . import passwords
from .db import Connection
from .queries import load
from .scopes import Scope


@dataclass(frozen=True)
class User:
    """A row of audit.web_users."""

    user_id: str
    login: str
    name: str
    password_hash: str
    active: bool
    permissions: list[str]
    categories: list[str] | None

    is_authenticated = True

    @property
    def fingerprint(self) -> bytes:
        """What a session remembers of the account: with another password or other permissions, it ends."""
        return hashlib.sha256("\n".join([self.password_hash, *sorted(self.permissions)]).encode()).digest()

    @property
    def has_password(self) -> bool:
        """Whether there is one to sign in with. What begins with an exclamation mark is the hash of none."""
        return bool(self.password_hash) and not self.password_hash.startswith("!")

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def scope(self) -> Scope:
        return Scope.of(self.categories)


@dataclass(frozen=True)
class Nobody:
    """Who has not signed in."""

    is_authenticated = False
    name = ""
    scope = Scope(frozenset())

    def may(self, permission: str) -> bool:
        return False


@dataclass(frozen=True)
class Attempt:
    """How a sign-in went: whose account was named, if there is one, and why it failed, if it did."""

    account: User | None
    failure: str = ""  # unknown_login, wrong_password or disabled: for the record, never for the visitor


def user_query(name: str) -> sql.Composed:
    """The query in NAME.sql, which reads the columns of users that all of them read."""
    return load(name).format()


def by_login(connection: Connection, login: str) -> User | None:
    # PostgreSQL has no text with a NUL in it.
    return _one(connection, "user_by_login", login=login.strip().replace("\x00", "\ufffd"))


def by_id(connection: Connection, user_id: str) -> User | None:
    return _one(connection, "user_by_id", user_id=user_id)


def authenticate(connection: Connection, login: str, password: str) -> Attempt:
    """Whether this is the password of that user. Unknown, disabled and wrong take the same time."""
    user = by_login(connection, login)
    # Whoever is not there costs what somebody who is there costs, whichever kind of hash people have here.
    somebody = connection.execute(load("somebodys_hash")).fetchone()
    like = somebody[0] if somebody else ""
    right = passwords.matches(user.password_hash if user else "", password, like=like)
    if user is None:
        return Attempt(None, "unknown_login")
    if not right:
        return Attempt(user, "wrong_password")
    return Attempt(user, "" if user.active else "disabled")


def keeps_passwords(connection: Connection) -> bool:
    """Whether passwords can be changed here, or only where another application keeps them."""
    row = connection.execute("select audit.keeps_passwords()").fetchone()
    return bool(row and row[0])


def change_password(connection: Connection, user: User, password_hash: str) -> bool:
    """False when it was changed meanwhile."""
    row = connection.execute(
        "select audit.change_password(%s, %s, %s)", (user.user_id, user.password_hash, password_hash)
    ).fetchone()
    return bool(row and row[0])


def permissions_of(connection: Connection, role: str) -> list[str]:
    row = connection.execute("select audit.permissions_of(%s)", (role,)).fetchone()
    return list(row[0]) if row else []


def administrators(connection: Connection) -> list[str]:
    """Names to ask for permissions."""
    return [row[0] for row in connection.execute(load("administrators")).fetchall()]


def _one(connection: Connection, query: str, **values: str) -> User | None:
    with connection.cursor(row_factory=class_row(User)) as rows:
        return rows.execute(user_query(query), values).fetchone()
