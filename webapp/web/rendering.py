"""What templates can use."""

from __future__ import annotations

from flask import Flask

from .. import wording
from ..config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    app.config["DEFAULT_TIME_ZONE"] = settings.time_zone
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters["moment"] = wording.moment
    app.jinja_env.filters["zone_label"] = wording.zone_label
    app.jinja_env.filters["exact"] = wording.exact
    app.jinja_env.filters["plain"] = wording.plain
