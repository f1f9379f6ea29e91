"""My account: the password, the authenticator app, the sessions."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from .. import accounts, db, passwords
from ..accounts import User
from ..web import enrolling, proving, recording, signing_in
from ..web.confirming import needs_recent_sign_in
from ..web.forms import ChangePasswordForm, PasswordForm, SetUpForm
from ..web.signed_in import current_user

blueprint = Blueprint("account", __name__, url_prefix="/account")
Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


def _me() -> User:
    return cast(User, current_user)


def _proved(form: ChangePasswordForm | PasswordForm) -> User | proving.Refusal:
    """Whose password is in the form; where it is refused, the form says why."""
    said = proving.password(_me().login, form.old_password.data or "", confirmed=request.path)
    if isinstance(said, proving.Refusal):
        form.old_password.errors = [said.text if said.wait else "That is not your password."]
    return said


@blueprint.get("")
def mine() -> str:
    with db.connection() as connection:
        return render_template(
            "account.html",
            enrolment=enrolling.of(_me()).enrolment(connection),
            must_have_totp=signing_in.needs_totp(_me()),
            keeps_passwords=accounts.keeps_passwords(connection),
            notice=session.pop("notice", None),
        )


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> Page:
    """Choose another password. It ends every other session."""
    with db.connection() as connection:
        if not accounts.keeps_passwords(connection):
            return render_template("password_elsewhere.html"), 404
    form, user = ChangePasswordForm(), _me()
    if not form.check(user.name, user.login):
        return render_template("change_password.html", form=form, user=user), (400 if form.is_submitted() else 200)
    said = _proved(form)
    if isinstance(said, proving.Refusal):
        return render_template("change_password.html", form=form, user=user), said.status, said.headers
    with db.connection() as connection:
        recording.visitor().act(connection)
        new = passwords.hasher.hash(form.new_password.data or "")
        if not accounts.change_password(connection, said, new):
            abort(400, "Your password has just been changed elsewhere. Sign in with the new one.")
        changed = accounts.by_id(connection, user.user_id)
    assert changed is not None
    signing_in.complete(changed, "password")  # with another password, the old sessions are over
    session["notice"] = "Your password is changed, and your other sessions have ended."
    return redirect(url_for("account.mine"))


@blueprint.route("/authenticator", methods=["GET", "POST"])
@needs_recent_sign_in
def authenticator() -> Page:
    """Set up an authenticator app."""
    with db.connection() as connection:
        if enrolling.of(_me()).enrolment(connection):
            return redirect(url_for("account.mine"))
    form = SetUpForm()
    codes = enrolling.try_to(form, _me())
    if codes is None:
        return enrolling.page(form, _me()), (400 if form.is_submitted() else 200)
    return enrolling.recovery_codes_page(codes, onward=url_for("account.mine"))


@blueprint.post("/authenticator/recovery-codes")
@needs_recent_sign_in
def recovery_codes() -> Page:
    """New recovery codes in place of the old ones."""
    with db.connection() as connection:
        recording.visitor().act(connection)
        if not enrolling.of(_me()).enrolment(connection):
            abort(404)
        codes = enrolling.of(_me()).renew_recovery_codes(connection)
    return enrolling.recovery_codes_page(codes, onward=url_for("account.mine"))


@blueprint.route("/authenticator/remove", methods=["GET", "POST"])
def remove_authenticator() -> Page:
    """Sign in without a code from now on. Always takes the password."""
    if signing_in.needs_totp(_me()):
        abort(400, "Everybody with your permissions signs in with an authenticator app. Ask your administrator.")
    form = PasswordForm()
    if not form.validate_on_submit():
        return render_template("remove_totp.html", form=form), (400 if form.is_submitted() else 200)
    said = _proved(form)
    if isinstance(said, proving.Refusal):
        return render_template("remove_totp.html", form=form), said.status, said.headers
    with db.connection() as connection:
        recording.visitor().act(connection)
        enrolling.of(_me()).remove(connection)
    session["notice"] = "You sign in without a code from now on."
    return redirect(url_for("account.mine"))
