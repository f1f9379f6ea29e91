"""Page cursors: a place in the report, signed, so that an address cannot be made up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer

from ..errors import FilterError
from ..events import Cursor, Page


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="page cursor")


def dump(cursor: Cursor) -> str:
    return str(_serializer().dumps([cursor[0].isoformat(), cursor[1]]))


def load(name: str, text: str | None) -> Cursor | None:
    """Raises FilterError when the text is not one of ours."""
    if not text:
        return None
    try:
        at, event_id = _serializer().loads(text)
        return datetime.fromisoformat(at), int(event_id)
    except (BadSignature, ValueError, TypeError):
        raise FilterError(name, "This link to a page is damaged: start again from the first page.") from None


def beside(page: Page | None, query: Mapping[str, Any], anchor: str | None = None) -> dict[str, str | None]:
    """Where `newer` and `older` lead from a page of events, at this address narrowed by `query`."""

    def link(**cursor: Cursor) -> str:
        place: dict[str, Any] = {**query} | {name: dump(at) for name, at in cursor.items()}
        return url_for(str(request.endpoint), **(request.view_args or {}), **place, _anchor=anchor)

    shown = page.events if page else []
    return {
        "newer": link(after=shown[0].cursor) if page and page.has_newer and shown else None,
        "older": link(before=shown[-1].cursor) if page and page.has_older and shown else None,
    }
