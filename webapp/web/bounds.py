"""How much one request may bring. gunicorn bounds lines and headers; here is the rest, with pages of ours."""

from __future__ import annotations

from flask import Flask, abort, request

BODY = 64 * 1024
QUERY = 7000  # one long value and a few filters; gunicorn takes a line of 8190
PATH = 2048
WAY_BACK = 4096  # an address that is kept while somebody signs in


def init_app(app: Flask) -> None:
    app.config.update(MAX_CONTENT_LENGTH=BODY, MAX_FORM_MEMORY_SIZE=BODY, MAX_FORM_PARTS=200)

    def check() -> None:
        if len(request.query_string) > QUERY or len(request.path) > PATH:
            abort(414)

    app.before_request(check)
