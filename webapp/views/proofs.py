"""Proofs to take away: of one event, and that the log only grew between two checkpoints."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, render_template, request

from .. import archived_events, db, events
from ..evidence import proving
from ..evidence.proof import Checkpoint
from ..evidence.proving import ProofError
from ..evidence.proving_archived import lines_in
from ..exports.files import FORMATS
from ..permissions import scope
from ..web import addresses
from ..web.settings import settings

blueprint = Blueprint("proofs", __name__)
LISTED = 100
MOST = 2**63  # numbers in the database end before


@blueprint.get("/reports/audit-log/events/<int:event_id>/proof")
def proof(event_id: int) -> str:
    """How far one event is sealed, the proof of it, and how anybody checks that."""
    zone = addresses.filters_or_400().zone
    with db.connection() as connection:
        lines = _of_event(connection, event_id)
        found = [event for event in map(db.read_json, lines[:-1]) if event["event_id"] == event_id]
        seal = found[0]["seal"] if found else None
        sealed_by = proving.sealed_by(connection, seal["leaf"]) if seal else None
    return render_template(
        "proof.html",
        event_id=event_id,
        lines=lines,
        seal=seal,
        sealed_by=sealed_by,
        checkpoint=_checkpoint_of(lines),
        zone=zone,
    )


@blueprint.get("/reports/audit-log/events/<int:event_id>/proof.ndjson")
def proof_file(event_id: int) -> Response:
    """The same as a file, which is what `auditlog prove` prints."""
    with db.connection() as connection:
        lines = _of_event(connection, event_id)
    if not lines:
        abort(404)
    return _file(lines, f"proof-{event_id}")


@blueprint.get("/reports/audit-log/checkpoints")
def checkpoints() -> str:
    """What was signed, newest first; with two of them chosen, the proof that the log only grew between."""
    zone = addresses.zone()
    older, newer, before = (_number(name) for name in ("older", "newer", "before"))
    lines, problem = list[str](), ""
    with db.connection() as connection:
        found = proving.checkpoints(connection, LISTED + 1, before)
        try:
            if older is not None:
                lines = [proving.prove_growth(connection, older, newer)]
        except ProofError as error:
            problem = str(error)
    newest = _checkpoint_of(lines)
    return render_template(
        "checkpoints.html",
        found=found[:LISTED],
        more=len(found) > LISTED,
        older=older,
        newer=newest.number if newest else newer,
        lines=lines,
        problem=problem,
        zone=zone,
    )


@blueprint.get("/reports/audit-log/checkpoints/<int:older>/<int:newer>")
def growth(older: int, newer: int) -> Response:
    """The proof that the log only grew between two checkpoints, as a file."""
    if max(older, newer) >= MOST:
        abort(404)
    with db.connection() as connection:
        try:
            line = proving.prove_growth(connection, older, newer)
        except ProofError:
            abort(404)
    return _file([line], f"growth-{older}-{newer}")


def _of_event(connection: db.Connection, event_id: int) -> list[str]:
    """The lines of the proof of an event that the reader may see; none while nothing at all is sealed."""
    archive = settings().archive
    if event_id >= MOST or not (
        events.find(connection, event_id, scope()) or archived_events.find(connection, archive, event_id, scope())
    ):
        abort(404)
    if not proving.checkpoints(connection, 1):
        return []
    return list(proving.prove_events(connection, [event_id], lines_in(connection, archive)))


def _checkpoint_of(lines: list[str]) -> Checkpoint | None:
    return Checkpoint.parse(json.loads(lines[-1])["evidence"]["checkpoint"]) if lines else None


def _number(name: str) -> int | None:
    text = request.args.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        abort(400, f"“{text[:60]}” is not the number of a checkpoint.")
    return int(text)


def _file(lines: list[str], name: str) -> Response:
    response = Response("".join(f"{line}\n" for line in lines), mimetype=FORMATS["ndjson"])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.ndjson"'
    return response
