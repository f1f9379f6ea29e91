"""How an event is written: in our own columns, or in the fields of a schema that collectors know."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from math import isfinite
from typing import Any

from .ecs import to_ecs
from .ocsf import to_ocsf

Format = Callable[[str], str]


def _number(digits: str) -> float | str:
    """What no double holds stays as the text that it was: JSON knows no infinity, and Python no int of 4301 digits."""
    number = float(digits)
    return number if isfinite(number) else digits


def _whole(digits: str) -> int | float | str:
    return int(digits) if len(digits) <= 300 else _number(digits)


def _mapped(mapping: Callable[[dict[str, Any], datetime], dict[str, Any]]) -> Format:
    def write(line: str) -> str:
        event: dict[str, Any] = json.loads(line, parse_int=_whole, parse_float=_number)
        return json.dumps(mapping(event, datetime.fromisoformat(event["occurred_at"])), ensure_ascii=False)

    return write


#: NDJSON is the faithful form: the others leave nothing out, but round numbers as JSON readers do.
FORMATS: dict[str, Format] = {"ndjson": lambda line: line, "ocsf": _mapped(to_ocsf), "ecs": _mapped(to_ecs)}
