"""Reading the log leaves an event, whichever page it is read on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Response, make_response, request
from psycopg.types.json import Jsonb

from .. import db
from ..errors import FilterError
from ..filters import Query
from ..permissions import PUBLIC, ROUTES, SIGNED_IN
from . import addresses, recording
from .signed_in import current

View = Callable[..., Any]


def init_app(app: Flask) -> None:
    """Wrap every page that takes a permission, after all of them are there: a new one cannot be forgotten."""
    for endpoint, view in app.view_functions.items():
        if ROUTES.get(endpoint) not in (PUBLIC, SIGNED_IN, None):
            app.view_functions[endpoint] = _recorded(view)


def _recorded(view: View) -> View:
    @wraps(view)
    def shown(**arguments: Any) -> Response:
        response = make_response(view(**arguments))
        # A page is put on record when it is made and before it leaves. Downloads record themselves.
        if response.status_code == 200 and request.method in ("GET", "HEAD"):
            _record(arguments)
        return response

    return shown


def _record(arguments: dict[str, Any]) -> None:
    page = (request.endpoint or "").rpartition(".")[2]
    details: dict[str, Any] = {"page": page, **arguments, "filter": _filter()}
    session = current().found
    with db.connection() as connection:
        recording.visitor().act(connection)
        connection.execute(
            "select audit.record_view(%s, %s)", (Jsonb(details), str(session.session_id) if session else "")
        )


def _filter() -> Query:
    """What the page was narrowed to, as the report itself understood it: nothing else of the address is kept.

    Words that somebody looked for are, though no address holds them: whom a reader searches for is worth knowing.
    """
    try:
        return addresses.filters().recorded()
    except FilterError:
        return {}
