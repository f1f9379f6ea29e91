"""Cookies and response headers: what a browser may do with our pages."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request

from ..config import Settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask, settings: Settings) -> None:
    config: dict[str, Any] = dict(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-auditlog" if settings.over_https else "auditlog",
        SESSION_COOKIE_SECURE=settings.over_https,
    )
    app.config.update(config)

    def add(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        if settings.over_https:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    app.after_request(add)
