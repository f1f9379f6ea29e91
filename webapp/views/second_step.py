"""Signing in, second step: a code from an authenticator app, or setting one up where it is required."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from .. import db
from ..permissions import safe_next
from ..web import enrolling, proving, signing_in
from ..web.forms import CodeForm, SetUpForm
from ..web.signed_in import current_user

blueprint = Blueprint("second_step", __name__, url_prefix="/login")
Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.route("/code", methods=["GET", "POST"])
def code() -> Page:
    waiting = signing_in.first_step()
    if waiting is None:
        return _elsewhere()
    user, next_page = waiting
    with db.connection() as connection:
        enrolment = enrolling.of(user).enrolment(connection)
    if enrolment is None:  # an administrator has just taken it away
        return signing_in.go_on(user, next_page)
    form = CodeForm()

    def asked(status: int = 200, headers: dict[str, str] | None = None) -> Page:
        return render_template("code.html", form=form, enrolment=enrolment), status, headers or {}

    if not form.validate_on_submit():
        return asked(400 if form.is_submitted() else 200)
    said = proving.code(user, form.code.data or "")
    if isinstance(said, proving.Refusal):
        form.code.errors = [said.text]
        return asked(said.status, said.headers)
    signing_in.complete(user, said)
    return redirect(safe_next(next_page))


@blueprint.route("/set-up", methods=["GET", "POST"])
def set_up() -> Page:
    """Before anything else is shown to somebody who must have a second step."""
    waiting = signing_in.first_step()
    if waiting is None:
        return _elsewhere()
    user, next_page = waiting
    form = SetUpForm()
    codes = enrolling.try_to(form, user)
    if codes is None:
        return enrolling.page(form, user, required=True), (400 if form.is_submitted() else 200)
    signing_in.complete(user, "totp")
    return enrolling.recovery_codes_page(codes, onward=safe_next(next_page))


def _elsewhere() -> Response:
    """For whom no second step waits."""
    return redirect(safe_next(None) if current_user.is_authenticated else url_for("auth.login"))
