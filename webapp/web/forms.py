"""The forms. Whatever changes anything is a POST with a CSRF token."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length


def at_most(length: int, what: str) -> Length:
    return Length(max=length, message=f"The {what} cannot be longer than {length} characters.")


class LoginForm(FlaskForm):
    """E-mail address and password."""

    login = EmailField("E-mail address", [InputRequired("Enter your e-mail address."), at_most(200, "e-mail address")])
    password = PasswordField("Password", [InputRequired("Enter your password."), at_most(128, "password")])
    next = HiddenField()


class ExportForm(FlaskForm):
    """What an export needs beyond the filters, which are in the address."""

    for_excel = BooleanField("Mark as UTF-8 for Excel")


class LogoutForm(FlaskForm):
    """Nothing but the token."""


def init_app(app: Flask) -> None:
    CSRFProtect(app)
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session, so that a page left open overnight still works
    # Without the body of the request: the page that refuses one as too large has this form on it, too.
    app.jinja_env.globals["logout_form"] = lambda: LogoutForm(formdata=None)  # pyright: ignore[reportArgumentType]
