"""Choosing a password by a link that an administrator has handed out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from .. import accounts, db, password_links, passwords, tokens
from ..web import proving, recording
from ..web.forms import NewPasswordForm

blueprint = Blueprint("choosing", __name__)
LINK = "password_link"
Page = str | Response | tuple[str, int]


@blueprint.route(password_links.PATH, methods=["GET", "POST"])
def password() -> Page:
    """The link leads here, and on to the same address without its token: so that the token is in no history, no
    Referer and no picture of the screen. What is kept in the session is the token's hash, as in the database.
    Looking uses nothing up, because programs that check mail look, too."""
    if token := request.args.get(password_links.PARAMETER):
        session[LINK] = tokens.hashed(token).hex()
        return redirect(url_for("choosing.password"))
    link = bytes.fromhex(session.get(LINK, ""))
    with db.connection() as connection:
        user_id = password_links.owner(connection, link)
        user = accounts.by_id(connection, user_id) if user_id else None
    if user is None:
        return render_template("link_over.html"), 404
    form = NewPasswordForm()
    if not form.check(user.name, user.login):
        return render_template("choose_password.html", form=form, user=user), (400 if form.is_submitted() else 200)
    new = passwords.hasher.hash(form.new_password.data or "")
    with db.connection() as connection:
        recording.visitor(user).act(connection)
        if not password_links.redeem(connection, link, new):
            return render_template("link_over.html"), 404
        proving.forgive(connection, user)
    session.pop(LINK, None)
    session["notice"] = "Your password is set. Sign in with it."
    return redirect(url_for("auth.login"))
