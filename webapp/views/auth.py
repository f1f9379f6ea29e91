"""Signing in and out, and proving again who it is."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .. import accounts, db
from ..permissions import safe_next
from ..web import confirming, csrf, recording
from ..web.forms import ConfirmForm, LoginForm
from ..web.signed_in import CSRF, current, current_user

blueprint = Blueprint("auth", __name__)


@blueprint.route("/login", methods=["GET", "POST"])
@csrf.protect.exempt  # the form checks its token itself, and keeps what was typed
def login() -> str | Response | tuple[str, int]:
    form = LoginForm(next=request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(safe_next(form.next.data))
    if not form.validate_on_submit():
        form.form_errors += [": ".join(csrf.complaint(said)) for said in form.errors.get(CSRF, [])]
        return _asked(form), (400 if form.is_submitted() else 200)
    with db.connection() as connection:
        attempt = accounts.authenticate(connection, form.login.data or "", form.password.data or "")
        _put_on_record(connection, attempt)
    user = attempt.account
    if user is None or attempt.failure:
        form.form_errors.append("That e-mail address and password do not match. Try again, or ask your administrator.")
        return _asked(form), 401
    return redirect(safe_next(form.next.data))


def _asked(form: LoginForm) -> str:
    return render_template("login.html", form=form, has_ended=current().has_ended and not form.is_submitted())


def _put_on_record(connection: db.Connection, attempt: accounts.Attempt) -> None:
    """The sign-in, or the failure to: one event either way, so that both take the same time.

    What was typed is not kept, not even the login: people type passwords into the wrong box, and the log is
    for ever. When it was the login of an account, that account is named, out of the database: it is where
    guessing shows, and no password. An unknown login stays unknown; the address and the time tell attempts apart.
    """
    account = attempt.account
    number, name = (account.user_id, account.name) if account else (None, None)
    if account is None or attempt.failure:
        details: dict[str, object] = {"reason": attempt.failure, "ip": request.remote_addr}
        recording.visitor().record(connection, "sign_in_failed", "user", number, name, details)
    else:
        visitor = recording.visitor(account)
        session_id = current().begin(connection, account, visitor.context["ip"], visitor.context["user_agent"])
        visitor.record(connection, "sign_in", "user", number, name, {"session": session_id})


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
