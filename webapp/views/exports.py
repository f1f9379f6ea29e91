"""Taking away: a file of what the filters show, and what left before."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, render_template, request, stream_with_context
from psycopg import sql

from .. import db
from ..exports import FORMATS, Export, File, manifest
from ..exports.columns import chosen
from ..filters import Filters
from ..permissions import scope
from ..web import addresses, recording
from ..web.confirming import needs_recent_sign_in
from ..web.forms import ExportForm
from ..web.settings import settings
from ..web.signed_in import current_user, user_id

blueprint = Blueprint("exports", __name__)
LISTED = 100
FOLLOWED = 3  # seconds
WITH_PROOF = "ndjson-with-proof"


@blueprint.post("/reports/audit-log/export")
@needs_recent_sign_in
def download() -> Response:
    """A file of what the filters in this address show."""
    form = ExportForm()
    kind = request.form.get("format", "csv")
    with_proof = kind == WITH_PROOF
    kind = "ndjson" if with_proof else kind
    if kind not in FORMATS:
        abort(400, f"There is no such format: choose one of {', '.join(FORMATS)}.")
    columns = chosen(request.form.getlist("columns"))
    return _leaving(addresses.filters_or_400(), File(kind, columns, bool(form.for_excel.data), with_proof))


@blueprint.post("/reports/audit-log/exports/<int:event_id>/continue")
@needs_recent_sign_in
def go_on(event_id: int) -> Response:
    """The rest of a file that broke off: what the same filters show after its last whole line."""
    text = request.form.get("after", "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        abort(400, "That is not the number of an event: it stands at the beginning of each line of a file.")
    with db.connection() as connection:
        found = manifest.one(connection, event_id, manifest.of_person(user_id())) if event_id < 2**63 else None
    if found is None or found.begun.get("format") not in ("csv", "ndjson") or found.begun.get("with_proof"):
        abort(404)
    columns = chosen(found.begun.get("columns") or [])
    return _leaving(found.filters, File(found.begun["format"], columns, continues=event_id, after=int(text)))


def _leaving(filters: Filters, file: File) -> Response:
    pool = current_app.extensions["pool"]
    known = settings()
    export = Export(
        pool, filters, scope(), recording.visitor(), limit=known.export_limit, file=file, archive=known.archive
    )
    response = Response(stream_with_context(export), mimetype=FORMATS[file.kind])
    response.headers["Content-Disposition"] = f'attachment; filename="audit-log-{export.event_id}.{file.kind}"'
    response.call_on_close(export.close)
    return response


@blueprint.get("/reports/audit-log/exports")
def listed() -> Response:
    """What the reader exported; for administrators, what anybody did."""
    return _list()


@blueprint.get("/reports/audit-log/exports/running")
def followed() -> Response:
    """The same page, looking again by itself while an export runs: for whoever asked for that."""
    return _list(looks_again=True)


def _list(*, looks_again: bool = False) -> Response:
    zone = addresses.filters_or_400().zone
    with db.connection() as connection:
        found = manifest.find(connection, _visible(), limit=LISTED)
    running = sum(export.ended is None for export in found)
    every = FOLLOWED if looks_again and running else None
    page = render_template(
        "exports.html", exports=found, most=LISTED, running=running, every=every, zone=zone, all_of_them=_sees_all()
    )
    return Response(page, headers={"Refresh": str(every)} if every else None)


@blueprint.get("/reports/audit-log/exports/<int:event_id>/manifest")
def about(event_id: int) -> Response:
    """What is to be known about one file, as JSON."""
    if event_id >= 2**63:
        abort(404)
    with db.connection() as connection:
        found = manifest.one(connection, event_id, _visible())
        if found is None:
            abort(404)
        response = jsonify(manifest.manifest(connection, found))
    response.headers["Content-Disposition"] = f'attachment; filename="{found.file_name}.manifest.json"'
    return response


def _sees_all() -> bool:
    return current_user.may("audit.manage")


def _visible() -> sql.Composable:
    own = manifest.of_person(user_id())
    everybodys: Any = manifest.within(scope()) if _sees_all() else sql.SQL("false")
    return sql.SQL("({} or {})").format(own, everybodys)
