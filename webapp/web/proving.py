"""Proving who one is, by password or by code: counted before it is looked at, and on record when it fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import request

from .. import accounts, db, throttle
from ..accounts import User
from ..totp import Method
from ..wording import duration
from . import enrolling, recording
from .settings import settings

NO_MATCH = "That e-mail address and password do not match. Try again, or ask your administrator."
CODES = {
    "wrong_code": "That code is not right. Wait for the next one in your app, and check the clock of your phone.",
    "used_code": "That code has been used. Wait for the next one in your app.",
}


@dataclass(frozen=True)
class Refusal:
    """What to tell somebody who did not prove it."""

    text: str
    wait: int = 0  # seconds before the next attempt is looked at

    @property
    def status(self) -> int:
        return 429 if self.wait else 401

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.wait)} if self.wait else {}


def password(login: str, typed: str, **about: object) -> User | Refusal:
    """Whose password this is. `about` goes into the event of a failure.

    What was typed is not kept, not even the login: people type passwords into the wrong box, and the log is for
    ever. When it was the login of an account, that account is named, out of the database: it is where guessing
    shows, and no password. Unknown, disabled and wrong take the same time and leave one event each.
    """
    attempts = _attempts("password", login)
    with db.connection() as connection:
        verdict = attempts.allow(connection)
    with db.connection() as connection:
        if verdict.wait:
            if verdict.announce:
                failed(connection, accounts.by_login(connection, login), "throttled", "password", 0, **about)
            return _too_many(verdict.wait, "If you have forgotten it, ask your administrator for a link to choose one.")
        attempt = accounts.authenticate(connection, login, typed)
        if attempt.account is None or attempt.failure:
            failed(connection, attempt.account, attempt.failure, "password", verdict.unannounced, **about)
            return Refusal(NO_MATCH)
        attempts.succeeded(connection)
        return attempt.account


def code(user: User, typed: str, **about: object) -> Method | Refusal:
    """With what this code proves that it is this person: their app, or a recovery code, which is used up."""
    attempts = _attempts("code", user.user_id)
    with db.connection() as connection:
        verdict = attempts.allow(connection)
    with db.connection() as connection:
        if verdict.wait:
            if verdict.announce:
                failed(connection, user, "throttled", "totp", 0, **about)
            return _too_many(verdict.wait, "If you have lost your app and your recovery codes, ask your administrator.")
        method, failure = enrolling.of(user).use(connection, typed)
        if method is None:
            failed(connection, user, failure or "", "totp", verdict.unannounced, **about)
            return Refusal(CODES[failure or "wrong_code"])
        attempts.succeeded(connection)
        return method


def from_here() -> throttle.Attempts:
    """Attempts that name no account, such as answers of a provider: counted for their address alone."""
    return _attempts("password", f"from {request.remote_addr}")


def forgive(connection: db.Connection, user: User) -> None:
    """Whoever chose a new password by a link may sign in with it at once."""
    _attempts("password", user.login).succeeded(connection)


def _attempts(step: throttle.Step, account: str) -> throttle.Attempts:
    return throttle.Attempts(settings().secret_key, step, account, request.remote_addr)


def failed(
    connection: db.Connection, account: User | None, reason: str, method: str, unannounced: int, **about: object
) -> None:
    """Put it on record."""
    details: dict[str, object] = {"reason": reason, "method": method, "ip": request.remote_addr, **about}
    if unannounced:
        details["not_looked_at"] = unannounced
    number, name = (account.user_id, account.name) if account else (None, None)
    recording.visitor().record(connection, "sign_in_failed", "user", number, name, details)


def _too_many(wait: int, otherwise: str) -> Refusal:
    return Refusal(f"Too many attempts. Try again in {duration(timedelta(seconds=wait))}. {otherwise}", wait)
