"""Recent proof of who it is, for what must not happen from a screen that somebody left unlocked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import redirect, render_template, request, url_for

from .. import db, totp
from ..accounts import User
from . import csrf, enrolling, proving, recording
from .forms import ConfirmForm, typed
from .signed_in import current

WRONG = {False: "That is not your password. Try again.", True: "That is neither your password nor a valid code."}

P = ParamSpec("P")
R = TypeVar("R")


def needs_recent_sign_in(view: Callable[P, R]) -> Callable[P, R]:
    """The view runs when the person signed in or confirmed it lately. Otherwise a page asks for a proof.

    What was sent to the view waits in that page, which then sends it on together with it.
    """

    @wraps(view)
    def asks_first(*args: P.args, **kwargs: P.kwargs) -> Any:
        if current().was_confirmed:
            return view(*args, **kwargs)
        if request.method != "POST":
            return redirect(url_for("auth.confirm", next=request.full_path.rstrip("?")))
        form = ConfirmForm()
        asked = form.confirm_password.name in request.form
        if asked and form.validate() and try_to(form):
            return view(*args, **kwargs)
        return page(form if asked else ConfirmForm(formdata=None), back=csrf.page_before()), 401

    return asks_first


def try_to(form: ConfirmForm) -> bool:
    """Whether this is the person's password, or a code from their app; either way it is on record."""
    user = current().user
    assert user is not None
    method = _proved(user, form.confirm_password.data or "")
    if isinstance(method, proving.Refusal):
        form.confirm_password.errors = [method.text if method.wait else WRONG[_has_app(user)]]
        return False
    with db.connection() as connection:
        current().confirm(connection)
        details: dict[str, object] = {"confirmed": request.path, "method": method}
        recording.visitor().record(connection, "sign_in", "user", user.user_id, user.name, details)
    return True


def _proved(user: User, proof: str) -> str | proving.Refusal:
    """By which method. No password is as short as a code; a recovery code is too precious to be taken for this."""
    if totp.is_code(proof) and _has_app(user):
        return proving.code(user, proof, confirmed=request.path)
    said = proving.password(user.login, proof, confirmed=request.path)
    if isinstance(said, proving.Refusal):
        return said
    return "password" if said.user_id == user.user_id else proving.Refusal(proving.NO_MATCH)


def _has_app(user: User) -> bool:
    with db.connection() as connection:
        return enrolling.of(user).enrolment(connection) is not None


def page(form: ConfirmForm, back: str) -> str:
    """The page that asks, with what was sent to the view as hidden fields."""
    user = current().user
    assert user is not None
    has_app = _has_app(user)
    if has_app:
        form.confirm_password.label.text = "Password, or a code from your app"
    # Who signs in with another service's help has nothing to type here.
    return render_template("confirm.html", form=form, kept=typed(), back=back, can_prove=has_app or user.has_password)
