"""How precisely pages tell moments: to the second, or exactly for whoever asks for that in the address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Flask, request

from .. import wording

PARAMETER, EXACT = "times", "exact"


def init_app(app: Flask) -> None:
    environment: Any = app.jinja_env
    environment.filters["moment"] = moment
    environment.globals["are_times_exact"] = are_exact


def are_exact() -> bool:
    return request.args.get(PARAMETER) == EXACT


def moment(at: datetime, zone: str) -> str:
    """24 Nov 2026, 15:39:00, or with all that is known of it, 24 Nov 2026, 15:39:00.123456."""
    return wording.moment(at, zone, exactly=are_exact())
