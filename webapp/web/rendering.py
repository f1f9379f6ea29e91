"""What templates can use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask

from .. import wording
from .settings import settings


def plural(number: int, noun: str) -> str:
    """1 event, 1,234 events."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


FILTERS: dict[str, Callable[..., str]] = {
    "days": wording.days,
    "zone_label": wording.zone_label,
    "duration": wording.duration,
    "ago": wording.ago,
    "exact": wording.exact,
    "subject": wording.subject,
    "as_json": wording.as_json,
    "harm": wording.harm,
    "listed": wording.listed,
    "readable_table": wording.readable_table,
    "plural": plural,
}


def init_app(app: Flask) -> None:
    environment: Any = app.jinja_env
    environment.trim_blocks = True
    environment.lstrip_blocks = True
    environment.filters.update(FILTERS)
    # Of everything that a template shows. A field that sends its value back keeps it, by `| e`.
    environment.finalize = wording.visible


def default_zone() -> str:
    """The zone shown until a reader chooses another."""
    return settings().time_zone
