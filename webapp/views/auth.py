"""Signing in and out, and proving again who it is."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from .. import db
from ..permissions import safe_next
from ..web import confirming, csrf, proving, recording, signing_in
from ..web.forms import ConfirmForm, LoginForm
from ..web.signed_in import CSRF, current, current_user

blueprint = Blueprint("auth", __name__)


@blueprint.route("/login", methods=["GET", "POST"])
@csrf.protect.exempt  # the form checks its token itself, and keeps what was typed
def login() -> str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    form = LoginForm(next=request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(safe_next(form.next.data))
    if not form.validate_on_submit():
        form.form_errors += [": ".join(csrf.complaint(said)) for said in form.errors.get(CSRF, [])]
        return _asked(form), (400 if form.is_submitted() else 200)
    said = proving.password(form.login.data or "", form.password.data or "")
    if isinstance(said, proving.Refusal):
        form.form_errors.append(said.text)
        return _asked(form), said.status, said.headers
    return signing_in.go_on(said, form.next.data)


def _asked(form: LoginForm) -> str:
    has_ended = current().has_ended and not form.is_submitted()
    return render_template("login.html", form=form, has_ended=has_ended, notice=session.pop("notice", None))


@blueprint.post("/logout")
def logout() -> Response:
    with db.connection() as connection:
        recording.visitor().act(connection)
        current().end(connection)
    return redirect(url_for("auth.login"))


@blueprint.route("/confirm", methods=["GET", "POST"])
def confirm() -> str | Response | tuple[str, int]:
    """Prove again who it is, then go on to the page that takes it."""
    form = ConfirmForm(next=request.args.get("next"))
    if form.validate_on_submit() and confirming.try_to(form):
        return redirect(safe_next(form.next.data))
    return confirming.page(form, back=url_for("report.reports")), (400 if form.is_submitted() else 200)
