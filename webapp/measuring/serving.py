"""`auditlog serve`, with the time that each page spends in the database in its header Server-Timing."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import psycopg
from flask import Flask, Response, g, has_request_context

from .. import config
from ..server import WebServer

HEADER = "Server-Timing"


class TimedCursor(psycopg.Cursor[Any]):
    """Adds up how long statements take, from sending them until their rows are here."""

    def execute(self, *arguments: Any, **options: Any) -> TimedCursor:
        began = time.perf_counter()
        try:
            return super().execute(*arguments, **options)
        finally:
            if has_request_context():
                g.database_ms = g.get("database_ms", 0.0) + (time.perf_counter() - began) * 1000


class TimedServer(WebServer):
    def load(self) -> Flask:
        app = super().load()
        app.extensions["pool"].kwargs["cursor_factory"] = TimedCursor
        app.after_request(_say)
        return app


def _say(response: Response) -> Response:
    response.headers[HEADER] = f"db;dur={g.get('database_ms', 0.0):.2f}"
    return response


if __name__ == "__main__":
    TimedServer(config.from_environment(), workers=int(os.environ.get("MEASURED_WORKERS", "2")), quiet=True).run()
    sys.exit(0)
