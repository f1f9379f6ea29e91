"""From a right password to a session: at once, or by way of the second step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, session, url_for
from werkzeug.wrappers import Response

from .. import accounts, db
from ..accounts import User
from ..permissions import safe_next
from . import enrolling, recording
from .settings import settings
from .signed_in import current

FIRST_STEP = "first_step"


def go_on(user: User, next_page: str | None) -> Response:
    """Where somebody goes whose password was right."""
    with db.connection() as connection:
        enrolment = enrolling.of(user).enrolment(connection)
    if enrolment is None and not needs_totp(user):
        complete(user, "password")
        return redirect(safe_next(next_page))
    session[FIRST_STEP] = {"user": user.user_id, "account": user.fingerprint.hex(), "next": safe_next(next_page)}
    return redirect(url_for("second_step.code" if enrolment else "second_step.set_up"))


def needs_totp(user: User) -> bool:
    """Whether this person may not sign in with the password alone."""
    required = settings().totp_required
    return required == "everybody" or (required == "administrators" and user.may("audit.manage"))


def first_step() -> tuple[User, str] | None:
    """Who has given the right password in this session, and where they want to go. Read again, as everywhere."""
    noted = session.get(FIRST_STEP)
    if noted is None:
        return None
    with db.connection() as connection:
        user = accounts.by_id(connection, noted["user"])
    if user is None or not user.active or user.fingerprint.hex() != noted["account"]:
        return None
    return user, noted["next"]


def complete(user: User, method: str, data: Mapping[str, Any] | None = None) -> None:
    """Sign in: the session begins, with `data`, and is on record, or neither."""
    visitor = recording.visitor(user)
    with db.connection() as connection:
        begun = current().begin(connection, user, visitor.context["ip"], visitor.context["user_agent"], data)
        details: dict[str, object] = {"session": begun, "method": method}
        visitor.record(connection, "sign_in", "user", user.user_id, user.name, details)
