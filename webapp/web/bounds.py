"""How much one request may bring. gunicorn bounds lines and headers; here is the rest, with pages of ours."""

from __future__ import annotations

from flask import Flask, abort, request

BODY = 64 * 1024
QUERY = 4096  # far beyond what all filters together need, and well below gunicorn's limit for a line
PATH = 2048


def init_app(app: Flask) -> None:
    app.config.update(MAX_CONTENT_LENGTH=BODY, MAX_FORM_MEMORY_SIZE=BODY, MAX_FORM_PARTS=200)

    def check() -> None:
        if len(request.query_string) > QUERY or len(request.path) > PATH:
            abort(414)

    app.before_request(check)
