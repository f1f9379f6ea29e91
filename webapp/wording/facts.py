"""What else an event holds, with labels that a person understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from ..events import EventInFull
from .sentences import ENDED, FAILURES
from .values import plain

LABELS = {
    "ip": "IP address",
    "proxy": "By way of proxy",
    "user_agent": "Browser",
    "sha256": "SHA-256",
    "row_count": "Rows",
    "limited_to": "Only categories",
    "schema_name": "Schema",
    "table_name": "Table",
}
#: Said by the sentence already, in better words.
SAID = {"did"}

Fact = tuple[str, str | list[tuple[str, str]]]


def facts(event: EventInFull) -> list[Fact]:
    """The context of an event: (label, text), or (label, [(label, text), …]) for an object."""
    found: list[Fact] = []
    for name, value in (event.context or {}).items():
        about = name == event.action
        said = SAID | {key for key in ("ip",) if key in (event.context or {})} if about else set[str]()
        if not isinstance(value, dict):
            found.append((label(name), plain(value)))
        elif inner := _inner(cast(dict[str, Any], value), said):
            found.append(("Details" if about else label(name), inner))
    return found


def label(name: str) -> str:
    """A name of ours in its own words; anybody else's with a capital."""
    words = name.replace("_", " ")
    return LABELS.get(name, words[:1].upper() + words[1:])


def readable_table(name: str) -> str:
    """public."Odd ""x"" table", as SQL wants it, the way the report writes it: public.Odd "x" table."""
    return re.sub(r'"((?:[^"]|"")*)"', lambda quoted: quoted[1].replace('""', '"'), name)


def _inner(value: Mapping[str, Any], said: set[str]) -> list[tuple[str, str]]:
    return [(label(key), _text(key, inner)) for key, inner in value.items() if key not in said]


def _text(key: str, value: object) -> str:
    text = plain(value) if value not in ([], {}) else "none"
    return (FAILURES | ENDED).get(text, text) if key == "reason" else text
