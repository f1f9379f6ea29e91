"""Signing in and out."""

from __future__ import annotations

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from .. import accounts, db
from ..permissions import safe_next
from ..web import recording
from ..web.forms import LoginForm, LogoutForm

blueprint = Blueprint("auth", __name__)


def init_app(app: Flask) -> None:
    # Not put into every template: an error page must render when the user cannot be read.
    manager = LoginManager(app, add_context_processor=False)
    app.config["SESSION_PROTECTION"] = None
    app.jinja_env.globals["current_user"] = current_user  # pyright: ignore[reportArgumentType]

    @manager.user_loader
    def load_user(session_id: str) -> accounts.User | None:
        with db.connection() as connection:
            return accounts.by_session_id(connection, session_id)


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int]:
    form = LoginForm(next=request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(safe_next(form.next.data))
    if not form.validate_on_submit():
        return render_template("login.html", form=form), (400 if form.is_submitted() else 200)
    with db.connection() as connection:
        attempt = accounts.authenticate(connection, form.login.data or "", form.password.data or "")
        _put_on_record(connection, attempt)
    user = attempt.account
    if user is None or attempt.failure:
        form.form_errors.append("That e-mail address and password do not match. Try again, or ask your administrator.")
        return render_template("login.html", form=form), 401
    session.clear()  # nothing from before signing in lives on
    login_user(user)
    session.permanent = True
    return redirect(safe_next(form.next.data))


def _put_on_record(connection: db.Connection, attempt: accounts.Attempt) -> None:
    """The sign-in, or the failure to, before anybody is in: one event either way, so that both take the same time.

    What was typed is not kept, not even the login: people type passwords into the wrong box, and the log is
    for ever. When it was the login of an account, that account is named, out of the database: it is where
    guessing shows, and no password. An unknown login stays unknown; the address and the time tell attempts apart.
    """
    account = attempt.account
    number, name = (account.user_id, account.name) if account else (None, None)
    if attempt.failure:
        details: dict[str, object] = {"reason": attempt.failure, "ip": request.remote_addr}
        recording.visitor().record(connection, "sign_in_failed", "user", number, name, details)
    else:
        recording.visitor(account).record(connection, "sign_in", "user", number, name)


@blueprint.post("/logout")
def logout() -> Response:
    if LogoutForm().validate_on_submit():
        with db.connection() as connection:
            recording.visitor().record(connection, "sign_out", "user", current_user.user_id, current_user.name)
        logout_user()
        session.clear()
    return redirect(url_for("auth.login"))
