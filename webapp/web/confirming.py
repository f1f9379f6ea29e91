"""Recent proof of who it is, for what must not happen from a screen that somebody left unlocked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import redirect, render_template, request, url_for

from .. import db
from . import csrf, proving, recording
from .forms import ConfirmForm, typed
from .signed_in import current

P = ParamSpec("P")
R = TypeVar("R")


def needs_recent_sign_in(view: Callable[P, R]) -> Callable[P, R]:
    """The view runs when the person signed in or confirmed it lately. Otherwise a page asks for the password.

    What was sent to the view waits in that page, which then sends it on together with the password.
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
    """Whether this is the person's password; either way it is on record. A wrong one is said in the form."""
    user = current().user
    assert user is not None
    said = proving.password(user.login, form.confirm_password.data or "", confirmed=request.path)
    if isinstance(said, proving.Refusal) or said.user_id != user.user_id:
        wait = said.text if isinstance(said, proving.Refusal) and said.wait else ""
        form.confirm_password.errors = [wait or "That is not your password. Try again."]
        return False
    with db.connection() as connection:
        current().confirm(connection)
        details: dict[str, object] = {"confirmed": request.path, "method": "password"}
        recording.visitor().record(connection, "sign_in", "user", user.user_id, user.name, details)
    return True


def page(form: ConfirmForm, back: str) -> str:
    """The page that asks, with what was sent to the view as hidden fields."""
    return render_template("confirm.html", form=form, kept=typed(), back=back)
