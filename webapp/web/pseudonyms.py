"""What stands in an address for a value that would say who somebody is: a code that this site alone can read.

The same value has the same code, so links stay as they are. It is encrypted with a key made from the secret key.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from flask import Flask, Response, g, redirect, request, url_for

from .. import keys
from ..filter_fields import FIELDS, is_personal
from .settings import settings

MARK = "~"
#: Where an address may hold such a value, and the field that it is of.
PLACES = {"actor_id": "actor", "record_id": "record"} | {
    name: field for field, known in FIELDS.items() if known.choices is None for name in (field, f"-{field}")
}


def init_app(app: Flask) -> None:
    app.url_defaults(_write)
    app.jinja_env.filters["in_address"] = hidden  # pyright: ignore[reportArgumentType]
    app.url_value_preprocessor(_read)
    app.before_request(_hide)


def hidden(values: dict[str, Any]) -> dict[str, Any]:
    """The same values, or lists of them, with codes for those that are personal."""
    return values | {name: _coded(PLACES[name], values[name]) for name in PLACES.keys() & values.keys()}


def told(text: str) -> str | None:
    """The value behind a code; a text that is none as it is. None: it was made with another secret key."""
    if not text.startswith(MARK):
        return text
    try:
        return _cipher().decrypt(urlsafe_b64decode(text[len(MARK) :] + "=="), None).decode()
    except (InvalidTag, Error, ValueError):
        return None


def _write(_endpoint: str, values: dict[str, Any]) -> None:
    values.update(hidden(values))


def _read(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Pages get the values themselves."""
    values = {} if values is None else values
    g.as_written = {**values}
    for name in PLACES.keys() & values.keys():
        # A code that nobody can read is looked for as it is, and found nowhere.
        values[name] = told(values[name]) or values[name]


def _hide() -> Response | None:
    """Where somebody wrote such a value into an address by hand: to the same page at an address without it."""
    arguments = {name: texts for name, texts in request.args.lists() if name != "endpoint" and name[0:1] != "_"}
    written: dict[str, Any] = arguments | g.as_written
    if request.method != "GET" or not any(_is_open(name, written[name]) for name in PLACES.keys() & written.keys()):
        return None
    plain: dict[str, Any] = {name: [told(text) or text for text in texts] for name, texts in arguments.items()}
    return redirect(url_for(str(request.endpoint), **(plain | (request.view_args or {}))))  # pyright: ignore[reportReturnType]


def _is_open(name: str, value: Any) -> bool:
    return any(is_personal(PLACES[name], text) for text in ([value] if isinstance(value, str) else value))


def _code(field: str, text: str) -> str:
    if not (is_personal(field, text) or text.startswith(MARK)):
        return text
    return MARK + urlsafe_b64encode(_cipher().encrypt(text.encode(errors="replace"), None)).decode().rstrip("=")


def _coded(field: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_coded(field, each) for each in cast(list[Any], value)]
    return _code(field, value) if isinstance(value, str) else value


def _cipher() -> AESSIV:
    return AESSIV(keys.derived(settings().secret_key, "addresses"))
