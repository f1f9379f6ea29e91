"""The forms. Whatever changes anything is a POST with a CSRF token."""

from __future__ import annotations

from flask import Flask, request
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from .. import passwords
from ..passwords import PasswordError


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


class CodeForm(FlaskForm):
    """The second step."""

    code = StringField("Code", [InputRequired("Enter the code."), at_most(40, "code")])


class SetUpForm(FlaskForm):
    """The first code of a new authenticator app; `proposal` is the secret that it was given, encrypted."""

    proposal = HiddenField()
    code = StringField("Code", [InputRequired("Enter the code that the app shows."), at_most(40, "code")])


class NewPasswordForm(FlaskForm):
    """A password of one's own choice, twice."""

    new_password = PasswordField("New password", [InputRequired("Enter a password.")])
    new_password_again = PasswordField("The same again", [InputRequired("Enter it once more.")])

    def check(self, *known: str) -> bool:
        """Whether it may be a password, by the one rule; otherwise the form says why not."""
        if not self.validate_on_submit():
            return False
        try:
            passwords.check(self.new_password.data or "", *known)
        except PasswordError as error:
            said = str(error)
            self.new_password.errors = [f"{said[0].upper()}{said[1:]}."]
            return False
        if self.new_password.data != self.new_password_again.data:
            self.new_password_again.errors = ["This is not the same as above."]
            return False
        return True


class ChangePasswordForm(NewPasswordForm):
    """The same for somebody who is signed in."""

    old_password = PasswordField("Your password until now", [InputRequired("Enter your password.")])


class PasswordForm(FlaskForm):
    """The password again, for what always takes it."""

    old_password = PasswordField("Password", [InputRequired("Enter your password."), at_most(128, "password")])


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
