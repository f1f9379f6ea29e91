"""My sessions: where somebody is signed in, and how to end it."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from .. import db, sessions
from ..web import addresses, recording
from ..web.confirming import needs_recent_sign_in
from ..web.signed_in import current
from ..wording import browsers

blueprint = Blueprint("sessions", __name__, url_prefix="/sessions")


@blueprint.get("")
def mine() -> str:
    zone = addresses.filters_or_400().zone
    here = current()
    with db.connection() as connection:
        places = sessions.places(connection, here.cookie, here.limits)
    shown = [(place, browsers.name(place.user_agent)) for place in places]
    return render_template("sessions.html", places=shown, limits=here.limits, zone=zone)


@blueprint.post("/<int:session_id>/end")
@needs_recent_sign_in
def end(session_id: int) -> Response:
    """End one of one's own sessions; the one of this page, too."""
    here = current()
    assert here.found is not None
    with db.connection() as connection:
        recording.visitor().act(connection)
        if here.found.session_id == session_id:
            here.end(connection)
        elif session_id >= 2**63 or not sessions.end(connection, here.cookie, "elsewhere", session_id):
            abort(404)
    return redirect(url_for("sessions.mine"))


@blueprint.post("/end-others")
@needs_recent_sign_in
def end_others() -> Response:
    with db.connection() as connection:
        recording.visitor().act(connection)
        sessions.end_others(connection, current().cookie)
    return redirect(url_for("sessions.mine"))
