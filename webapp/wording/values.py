"""JSON values as a person would write them."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from secrets import token_hex
from typing import Any, cast

from .times import told

SHOWN_OF_A_HASH = 8


def plain(value: object) -> str:
    """A value on one line; a timestamp stays as it was written."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        items = cast(list[object], value)
        if items and all(isinstance(item, str | int | Decimal) for item in items):
            return ", ".join(plain(item) for item in items)
    return _written(value, sort_keys=True)


def readable(value: object, zone: str, *, in_full: bool = False) -> str:
    """A value for people: timestamps as moments in `zone`, objects as lists, very large values by size and hash."""
    if isinstance(value, str):
        return told(value, zone) or value or "empty text"
    if not isinstance(value, dict | list):
        return plain(value)
    if not value:
        return "no entries"
    if isinstance(value, list):
        return plain(cast(list[object], value))
    entries = cast(dict[str, Any], value)
    if stands_for_large(entries):
        digest = entries["$sha256"]
        return f"{_bytes(entries['$size'])}, SHA-256 {digest if in_full else digest[:SHOWN_OF_A_HASH] + '…'}"
    parts = [f"{key}: {told(inner, zone) or inner if isinstance(inner, str) else plain(inner)}"
             for key, inner in entries.items()]  # fmt: skip
    return ("\n" if in_full else "; ").join(parts)


def as_json(value: object) -> str:
    """The value itself, in the characters it holds. It is the template that escapes it."""
    return _written(value, indent=2)


def _written(value: object, **how: Any) -> str:
    """JSON with each Decimal digit for digit, for which the json module has no way: marked, then unquoted."""
    mark = token_hex(8)
    text = json.dumps(value, ensure_ascii=False, default=lambda number: f"{mark}{number:f}", **how)
    return re.sub(f'"{mark}([^"]*)"', r"\1", text)


def stands_for_large(value: object) -> bool:
    """Whether this is what capture keeps of a value that is too large: its size and its SHA-256."""
    if not isinstance(value, dict):
        return False
    entries = cast(dict[str, Any], value)
    size, digest = entries.get("$size"), entries.get("$sha256")
    return set(entries) == {"$size", "$sha256"} and isinstance(size, int) and isinstance(digest, str)


def _bytes(size: int) -> str:
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= one:
            return f"{size // (one // 10) / 10:,} {unit}"
    return f"{size} bytes"
