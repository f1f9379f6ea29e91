"""Requests to forget a record: asking, approving what a login of the database asked, and withdrawing."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from .. import db, tokens
from ..db import Connection
from ..evidence import erasing
from ..permissions import scope
from ..web import addresses, recording
from ..web.confirming import needs_recent_sign_in
from ..web.signed_in import current

blueprint = Blueprint("erasing", __name__, url_prefix="/reports/audit-log/erasures")

#: What audit.request_erasure() and its siblings refuse with words for the reader, and the answer's status.
REFUSALS: dict[type[psycopg.Error], int] = {
    psycopg.errors.InvalidParameterValue: 400,
    psycopg.errors.InsufficientPrivilege: 403,
    psycopg.errors.NoDataFound: 404,
    psycopg.errors.UniqueViolation: 409,
    psycopg.errors.ObjectNotInPrerequisiteState: 409,
}
TOO_LONG = (
    "The log is too large for a page to look through all of it. Nothing was done: a login of the database, with the "
    "role audit_admin, does it with auditlog erase."
)
MOST = 2**63  # numbers in the database end before


@blueprint.get("")
def requests(problem: str = "") -> str:
    """What waits and what was done, and the form to ask for more."""
    with db.connection() as connection:
        found = erasing.requests(connection, scope())
    return render_template(
        "erasures.html",
        found=[(one, erasing.about(one), erasing.state(one)) for one in found],
        problem=problem,
        typed={name: request.form.get(name, "") for name in ("entity", "record", "reason")},
        zone=addresses.zone(),
    )


@blueprint.post("")
@needs_recent_sign_in
def ask() -> Response | tuple[str, int]:
    """Ask that the log forget a record. What would go is on the page of the request."""
    entity, record, reason = (request.form.get(name, "").strip() for name in ("entity", "record", "reason"))
    made = list[int]()

    def asks(connection: Connection, session: bytes) -> None:
        if not _within_reach(connection, entity):
            raise psycopg.errors.NoDataFound(f"the log holds nothing of {entity} {record}")
        made.append(erasing.request(connection, entity, record, reason, session=session))

    refused = _done(asks)
    if refused:
        return requests(refused[0]), refused[1]
    return redirect(url_for("erasing.request_page", request_id=made[0]), 303)


@blueprint.get("/<int:request_id>")
def request_page(request_id: int, problem: str = "") -> str:
    """What a request would erase, what stays out of reach, and what can be done with it."""
    with db.connection() as connection:
        found = erasing.requests(connection, scope(), request_id=request_id) if request_id < MOST else []
        if not found:
            abort(404)
        told = found[0]["erased"] or _preview(connection, request_id)
    return render_template(
        "erasure.html",
        one=found[0],
        about=erasing.about(found[0]),
        state=erasing.state(found[0]),
        told=told,
        parts_of=erasing.parts(told) if told else [],
        not_reached=erasing.not_reached(told) if told else [],
        approvable=not erasing.of_account(found[0]["requested_by"]),
        problem=problem,
        zone=addresses.zone(),
    )


@blueprint.post("/<int:request_id>/approve")
@needs_recent_sign_in
def approve(request_id: int) -> Response | tuple[str, int]:
    """Erase what a login of the database has asked for."""
    return _closed(request_id, lambda connection, session: erasing.approve(connection, request_id, session))


@blueprint.post("/<int:request_id>/withdraw")
@needs_recent_sign_in
def withdraw(request_id: int) -> Response | tuple[str, int]:
    """Close a request; nothing is erased."""
    return _closed(request_id, lambda connection, session: erasing.withdraw(connection, request_id, session))


def _closed(request_id: int, close: Callable[[Connection, bytes], object]) -> Response | tuple[str, int]:
    with db.connection() as connection:
        if request_id >= MOST or not erasing.requests(connection, scope(), request_id=request_id):
            abort(404)
    refused = _done(close)
    if refused:
        return request_page(request_id, refused[0]), refused[1]
    return redirect(url_for("erasing.request_page", request_id=request_id), 303)


def _done(act: Callable[[Connection, bytes], object]) -> tuple[str, int] | None:
    """Do it in the name of the session, which the database looks up by itself; else, why not, and a status."""
    try:
        with db.connection() as connection:
            recording.visitor().act(connection)
            act(connection, tokens.hashed(current().cookie))
    except psycopg.errors.QueryCanceled:
        return TOO_LONG, 503
    except tuple(REFUSALS) as error:
        said = error.diag.message_primary or str(error)
        hint = error.diag.message_hint
        text = f"{said[0].upper()}{said[1:]}." + (f" {hint}" if hint else "")
        return text, next(status for kind, status in REFUSALS.items() if isinstance(error, kind))
    return None


def _preview(connection: Connection, request_id: int) -> erasing.Told | None:
    """None where the log is too large for a page to wait."""
    try:
        with connection.transaction():
            return erasing.preview(connection, request_id)
    except psycopg.errors.QueryCanceled:
        return None


def _within_reach(connection: Connection, entity: str) -> bool:
    row = connection.execute("select audit.category_of('update', %s)", (entity,)).fetchone()
    return row is not None and scope().allows(row[0])
