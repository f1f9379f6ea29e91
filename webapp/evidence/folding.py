"""Sealed texts without what other columns of the row hold as well: a mark stands for it, so that it is stored once.

JSON writes control characters as \\u0001: no text that was sealed has one, and each mark can only stand for its column.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

#: By the sealed text: the columns that it repeats, each under its own name, and their marks.
MARKS = {
    "header": {"event_id": "\x01", "occurred_at": "\x02", "xact_id": "\x03"},
    "details": {
        "record_id": "\x01", "record_label": "\x02", "application": "\x03", "client_addr": "\x04", "actor_id": "\x05",
        "actor_name": "\x06", "request_id": "\x07",
    },
}  # fmt: skip
Row = dict[str, Any]


def fold(row: Row) -> Row:
    """The row with marks in its sealed texts. Where a column is not in the text letter by letter, the text stays."""
    return row | {text: _folded(row, text) for text in MARKS}


def unfold(row: Row) -> Row:
    """The sealed texts again, as they were."""
    return row | {text: _unfolded(row, text) for text in MARKS}


def _folded(row: Row, text: str) -> str | None:
    folded: str | None = row[text]
    for name, mark in MARKS[text].items():
        if folded is not None and row[name] is not None:
            folded = folded.replace(f'"{name}" : {_as_json(row[name])}', f'"{name}" : {mark}', 1)
    return folded


def _unfolded(row: Row, text: str) -> str | None:
    whole: str | None = row[text]
    for name, mark in MARKS[text].items():
        if whole is not None and mark in whole:
            whole = whole.replace(mark, _as_json(row[name]))
    return whole


def _as_json(value: Any) -> str:
    if isinstance(value, datetime):  # as PostgreSQL writes a timestamp: without zeros at its end
        return json.dumps(f"{value:%Y-%m-%dT%H:%M:%S.%f}".rstrip("0").rstrip("."))
    return json.dumps(value, ensure_ascii=False)
