"""The forms. Whatever changes anything is a POST with a CSRF token."""

from __future__ import annotations

from flask import Flask, request
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from wtforms import BooleanField, EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length


def at_most(length: int, what: str) -> Length:
    return Length(max=length, message=f"The {what} cannot be longer than {length} characters.")


class LoginForm(FlaskForm):
    """E-mail address and password."""

    login = EmailField("E-mail address", [InputRequired("Enter your e-mail address."), at_most(200, "e-mail address")])
    password = PasswordField("Password", [InputRequired("Enter your password."), at_most(128, "password")])
    next = HiddenField()


class ConfirmForm(FlaskForm):
    """The password again. Its name is none that another form uses, because it travels with their fields."""

    confirm_password = PasswordField("Password", [InputRequired("Enter your password."), at_most(128, "password")])
    next = HiddenField()


class ExportForm(FlaskForm):
    """What an export needs beyond the filters, which are in the address."""

    for_excel = BooleanField("Mark as UTF-8 for Excel")


def typed() -> list[tuple[str, str]]:
    """What this request's form holds, but for its token and whatever is secret: fit to be shown and sent again."""
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in ("csrf_token", "next", "code") and "password" not in name
    ]


def init_app(app: Flask) -> None:
    app.jinja_env.globals["button"] = _token  # pyright: ignore[reportArgumentType]


def _token() -> Markup:
    """The field that makes a form of nothing but a button acceptable."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
