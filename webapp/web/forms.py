"""The forms. Whatever changes anything is a POST with a CSRF token."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import BooleanField, EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length


class LoginForm(FlaskForm):
    """E-mail address and password."""

    login = EmailField("E-mail address", [InputRequired("Enter your e-mail address."), Length(max=200)])
    password = PasswordField("Password", [InputRequired("Enter your password."), Length(max=128)])
    next = HiddenField()


class ExportForm(FlaskForm):
    """What an export needs beyond the filters, which are in the address."""

    for_excel = BooleanField("Mark as UTF-8 for Excel")


class LogoutForm(FlaskForm):
    """Nothing but the token."""


def init_app(app: Flask) -> None:
    CSRFProtect(app)
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session, so that a page left open overnight still works
    app.jinja_env.globals["logout_form"] = LogoutForm  # pyright: ignore[reportArgumentType]
