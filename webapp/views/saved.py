"""Saved views: one's own list, and the links that others can open."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .. import db, query_language, saved_views
from ..errors import FilterError
from ..permissions import scope
from ..web import addresses
from ..web.signed_in import user_id

blueprint = Blueprint("saved", __name__, url_prefix="/reports/audit-log/views")


@blueprint.get("")
def mine(problem: str = "", about: str = "") -> str:
    """What one has saved, to be opened, sent, renamed or deleted."""
    zone = addresses.filters_or_400().zone
    with db.connection() as connection:
        views = saved_views.of(connection, user_id())
    default_views = saved_views.defaults(scope())
    return render_template(
        "saved_views.html", views=views, default_views=default_views, zone=zone, problem=problem, about=about
    )


@blueprint.post("")
def save() -> Response | tuple[str, int]:
    """Save what the filters in this address show, under a name."""
    filters = addresses.filters_or_400()
    name, problem = _name()
    if len(query_language.write(filters)) > query_language.LONGEST:
        problem = "These filters are too long to be saved: leave some out."
    if problem:
        return mine(problem), 400
    try:
        with db.connection() as connection:
            saved = saved_views.save(connection, user_id(), name, filters)
    except psycopg.errors.ConfigurationLimitExceeded:
        return mine("You have as many views as one person can save: delete one that you no longer need."), 409
    if saved is None:
        return mine(f"You have a view “{name}” already: choose another name, or delete that one first."), 409
    return redirect(addresses.report(filters), 303)


@blueprint.get("/first")
def first() -> Response:
    """The list as its reader likes to find it: with a view of theirs, or with every event."""
    zone = addresses.filters_or_400().zone
    return redirect(opening(zone) or url_for("report.audit_log", tz=zone))


def opening(zone: str) -> str | None:
    """Where the reader wants the list to open; None for every event, also where their view is none any more."""
    with db.connection() as connection:
        view = saved_views.first(connection, user_id())
    with suppress(FilterError):
        return addresses.report(addresses.settled(view.filters(zone))) if view else None
    return None


@blueprint.post("/first")
def open_first() -> Response:
    """Choose what the list opens with: one's own view, or none."""
    view_id = request.form.get("view", "")
    with db.connection() as connection:
        if "\x00" in view_id or not saved_views.open_first(connection, user_id(), view_id or None):
            abort(404)
    return redirect(url_for("saved.mine", **addresses.carried()), 303)


@blueprint.get("/<view_id>")
def show(view_id: str) -> Response:
    """The list as the view says, for whoever may see the list: it carries filters, never rights."""
    own = addresses.filters_or_400()
    with db.connection() as connection:
        view = saved_views.find(connection, view_id, scope())
    if view is None:
        abort(404)
    try:
        return redirect(addresses.report(addresses.settled(view.filters(own.zone))))
    except FilterError as error:
        abort(400, str(error))


@blueprint.post("/<view_id>/rename")
def rename(view_id: str) -> Response | tuple[str, int]:
    name, problem = _name()
    with db.connection() as connection:
        theirs = {view.view_id: view for view in saved_views.of(connection, user_id())}
        if view_id not in theirs:
            abort(404)
        if not problem and not saved_views.rename(connection, user_id(), view_id, name):
            problem = f"You have a view “{name}” already: choose another name."
    return (mine(problem, view_id), 400) if problem else redirect(url_for("saved.mine", **addresses.carried()), 303)


@blueprint.post("/<view_id>/delete")
def delete(view_id: str) -> Response:
    with db.connection() as connection:
        if "\x00" in view_id or not saved_views.delete(connection, user_id(), view_id):
            abort(404)
    return redirect(url_for("saved.mine", **addresses.carried()), 303)


def _name() -> tuple[str, str]:
    """The name that was typed, and what is wrong with it."""
    name = " ".join(request.form.get("name", "").split())
    if not name:
        return name, "A view needs a name: say what it shows."
    if len(name) > saved_views.LONGEST_NAME or "\x00" in name:
        return name, f"A name has at most {saved_views.LONGEST_NAME} characters."
    return name, ""
