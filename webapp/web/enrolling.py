"""Setting up an authenticator app: at sign-in where it is required, else from the account page."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup

from .. import db, totp
from ..accounts import User
from ..totp import Totp
from . import recording
from .forms import SetUpForm
from .settings import settings

TOO_OLD = "This page was open for too long: remove the entry from your app, and scan the new code."


def of(user: User) -> Totp:
    return Totp(settings().secret_key, user.user_id)


def try_to(form: SetUpForm, user: User) -> list[str] | None:
    """The recovery codes, if the form holds a right code for the proposed secret; else it says what is wrong."""
    if not form.validate_on_submit():
        return None
    secret = of(user).proposed(form.proposal.data or "")
    if secret is None:
        form.proposal.data = None
        form.form_errors.append(TOO_OLD)
        return None
    with db.connection() as connection:
        recording.visitor(user).act(connection)
        codes = of(user).start(connection, secret, form.code.data or "")
    if codes is None:
        form.code.errors = ["That code is not right. Enter the one that the app shows now, and check its clock."]
    return codes


def page(form: SetUpForm, user: User, *, required: bool = False) -> str:
    """The QR code, the same secret to type, and a field for the first code."""
    form.proposal.data = form.proposal.data or of(user).propose()
    secret = of(user).proposed(form.proposal.data)
    assert secret is not None, "just made, or just looked at"
    return render_template(
        "set_up_totp.html",
        form=form,
        qr_code=Markup(totp.qr_code(secret, user.login)),  # noqa: S704 - drawn by us, nothing typed is in it
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        required=required,
    )


def recovery_codes_page(codes: list[str], onward: str) -> str:
    """Shown once."""
    return render_template("recovery_codes.html", codes=codes, onward=onward)
