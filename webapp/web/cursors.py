"""Page cursors: a place in the report, signed, so that an address cannot be made up."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer

from ..errors import FilterError
from ..events import Cursor


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
