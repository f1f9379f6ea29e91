"""Who may open which page: one gate, closed unless it says otherwise."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, request, url_for
from werkzeug.urls import iri_to_uri

from .scopes import Scope
from .web.bounds import WAY_BACK
from .web.signed_in import current_user

PUBLIC = "public"
SIGNED_IN = "signed in"

#: What a person may hold; audit.permissions_of() says which belong to a role.
PERMISSIONS = {"audit.view", "audit.export", "audit.manage", "audit.erase"}

#: Every page and what it takes. A page that is not here is open to nobody.
ROUTES: dict[str, str] = {
    "static": PUBLIC,
    "health.healthz": PUBLIC,
    "auth.login": PUBLIC,
    "auth.logout": SIGNED_IN,
    "auth.confirm": SIGNED_IN,
    "second_step.code": PUBLIC,  # for whoever has given the right password, as these two look after themselves
    "second_step.set_up": PUBLIC,
    "single_sign_on.start": PUBLIC,
    "single_sign_on.back": PUBLIC,  # for whom the provider sends back
    "choosing.password": PUBLIC,  # for whoever has a link
    "account.mine": SIGNED_IN,
    "account.password": SIGNED_IN,
    "account.authenticator": SIGNED_IN,
    "account.recovery_codes": SIGNED_IN,
    "account.remove_authenticator": SIGNED_IN,
    "sessions.mine": SIGNED_IN,
    "sessions.end": SIGNED_IN,
    "sessions.end_others": SIGNED_IN,
    "report.home": SIGNED_IN,
    "report.reports": SIGNED_IN,
    "report.audit_log": "audit.view",
    "report.event": "audit.view",
    "report.record": "audit.view",
    "report.actor": "audit.view",
    "report.activity": "audit.view",
    "finding.find": "audit.view",
    "saved.mine": "audit.view",
    "saved.save": "audit.view",
    "saved.first": "audit.view",
    "saved.open_first": "audit.view",
    "saved.show": "audit.view",
    "saved.rename": "audit.view",
    "saved.delete": "audit.view",
    "printing.printed": "audit.view",
    "exports.download": "audit.export",
    "exports.listed": "audit.export",
    "exports.followed": "audit.export",
    "exports.about": "audit.export",
    "exports.go_on": "audit.export",
    "proofs.proof": "audit.view",
    "proofs.proof_file": "audit.view",
    "proofs.checkpoints": "audit.view",
    "proofs.growth": "audit.view",
    "erasing.requests": "audit.erase",
    "erasing.ask": "audit.erase",
    "erasing.request_page": "audit.erase",
    "erasing.approve": "audit.erase",
    "erasing.withdraw": "audit.erase",
    "health.health": "audit.view",
    "inventory.show": "audit.manage",
}


def init_app(app: Flask) -> None:
    app.before_request(_gate)
    app.jinja_env.globals["may"] = lambda permission: current_user.may(permission)  # pyright: ignore[reportArgumentType]


def _gate() -> Response | None:
    if request.endpoint is None:  # no such address, or not by this method: say so only to people we know
        required = SIGNED_IN
    else:
        required = ROUTES.get(request.endpoint, "nobody")
    if required == PUBLIC:
        return None
    if not current_user.is_authenticated:
        if request.method in ("GET", "HEAD"):
            # Back to a page, not to a button that was pressed.
            here = iri_to_uri(request.full_path.rstrip("?")) if request.endpoint else "/"
            return redirect(url_for("auth.login", next=here if here != "/" else None))  # pyright: ignore[reportReturnType]
        abort(401)
    if required != SIGNED_IN and not current_user.may(required):
        abort(403)
    return None


def scope() -> Scope:
    """How much of the report whoever is signed in may see."""
    return current_user.scope


def safe_next(target: str | None) -> str:
    """Where to go after signing in: an address of ours, or the reports."""
    if target and len(target) <= WAY_BACK:
        try:
            parts = urlsplit(target)
        except ValueError:
            return url_for("report.reports")
        plain = all(" " < c < "\x7f" for c in target)
        if plain and not parts.scheme and not parts.netloc and target[0] == "/" and target[1:2] not in ("/", "\\"):
            return target
    return url_for("report.reports")
