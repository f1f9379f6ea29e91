"""The settings, for whatever serves a request."""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app

from ..config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    app.extensions["settings"] = settings


def settings() -> Settings:
    return cast(Settings, current_app.extensions["settings"])
