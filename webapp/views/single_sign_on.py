"""Single sign-on: to the provider, and back with what it says of a person.

Authlib does the code flow, with PKCE, state and nonce, and checks the ID token. An account is found by the e-mail
address that the provider has verified. The second step is the provider's own affair.
"""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from .. import accounts, db, oidc
from ..accounts import User
from ..config import Settings
from ..oidc import Person, Provider
from ..permissions import safe_next
from ..sessions import PERMISSIONS
from ..web import proving, recording, signing_in
from ..web.settings import settings
from ..web.signed_in import current

blueprint = Blueprint("single_sign_on", __name__, url_prefix="/login/oidc")
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
SECONDS = 5  # for the provider to answer
RECENTLY = 120  # seconds since somebody proved to the provider who they are, when asked to prove it again
WANTED = "single_sign_on"
Page = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


def init_app(app: Flask, settings: Settings) -> None:
    app.jinja_env.globals["sso_name"] = settings.oidc.name if settings.oidc else ""  # pyright: ignore[reportArgumentType]
    if settings.oidc is None:
        return
    from authlib.integrations.flask_client import OAuth

    OAuth(app).register(
        "oidc",
        client_id=settings.oidc.client_id,
        client_secret=settings.oidc.client_secret,
        server_metadata_url=f"{settings.oidc.issuer}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256", "default_timeout": SECONDS},
    )


@blueprint.get("")
def start() -> Page:
    """To the provider; with `confirm`, to prove again who one is."""
    provider = _provider()
    _forget_tries()
    again = {"prompt": "login", "max_age": "0"} if request.args.get("confirm") else {}
    try:
        client = _client(provider)
        answer = client.authorize_redirect(f"{settings().public_url}{url_for('single_sign_on.back')}", **again)
    except (*_broken(), ValueError) as error:
        return _down(error)
    session[WANTED] = {"next": request.args.get("next", ""), "confirm": bool(again)}
    return answer


@blueprint.get("/return")
def back() -> Page:
    """From the provider."""
    provider = _provider()
    wanted: dict[str, Any] = session.pop(WANTED, {})
    attempts = proving.from_here()
    with db.connection() as connection:
        verdict = attempts.allow(connection)
    if verdict.wait:
        return _refused("Too many attempts. Try again in a few minutes.", None, "throttled" if verdict.announce else "")
    try:
        claims = _claims(provider)
    except _broken() as error:
        return _down(error)
    except _untrue() as error:
        said = getattr(error, "error", "")
        log.warning("single sign-on refused", error=type(error).__name__, said=said if said.isidentifier() else "")
        if said == "access_denied":
            return _refused(f"{provider.name} did not let you in.", None, "refused")
        return _refused("The answer did not belong to a sign-in that began here, or was too old.", None, "bad_answer")
    finally:
        _forget_tries()
    person = Person.of(claims, provider.groups_claim)
    if person.email is None:
        return _refused(f"{provider.name} has not verified an e-mail address of yours.", None, "unverified_email")
    with db.connection() as connection:
        user = accounts.by_login(connection, person.email)
    if user is None or not user.active:
        reason = "disabled" if user else "unknown_login"
        return _refused(f"{provider.name} knows you, but there is no account for you here.", user, reason, ask=True)
    with db.connection() as connection:
        attempts.succeeded(connection)
    if wanted.get("confirm"):
        return _confirmed(user, claims, wanted["next"])
    signing_in.complete(user, "oidc", _permissions(provider, person))
    return redirect(safe_next(wanted.get("next")))


def _confirmed(user: User, claims: dict[str, Any], next_page: str) -> Page:
    """Whoever was signed in has proved it again, if it is them and the provider really asked."""
    me, at = current().user, claims.get("auth_time")
    recent = isinstance(at, int) and claims.get("iat", 0) - at < RECENTLY
    if me is None or me.user_id != user.user_id or not recent:
        return _refused("That did not confirm that it is you: the provider did not ask again.", user, "bad_answer")
    with db.connection() as connection:
        current().confirm(connection)
        details: dict[str, object] = {"confirmed": next_page, "method": "oidc"}
        recording.visitor().record(connection, "sign_in", "user", me.user_id, me.name, details)
    return redirect(safe_next(next_page))


def _permissions(provider: Provider, person: Person) -> dict[str, Any]:
    """What this session may do, where the provider's groups say so."""
    if not provider.roles:
        return {}
    with db.connection() as connection:
        roles = [role for group, role in provider.roles.items() if group in person.groups]
        return {PERMISSIONS: sorted({p for role in roles for p in accounts.permissions_of(connection, role)})}


def _claims(provider: Provider) -> dict[str, Any]:
    """What the ID token says, after every check; what it leaves out, the provider is asked for."""
    client = _client(provider)
    token = client.authorize_access_token(
        claims_options={
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        }
    )
    claims = dict(token["userinfo"])
    if "email" not in claims or (provider.roles and provider.groups_claim not in claims):
        more = dict(client.userinfo(token=token))
        if more.get("sub") != claims["sub"]:
            raise ValueError("userinfo is about somebody else")
        claims = more | claims
    return claims


def _client(provider: Provider) -> Any:
    client: Any = current_app.extensions["authlib.integrations.flask_client"].oidc
    metadata = client.load_server_metadata()
    if metadata.get("issuer", "").rstrip("/") != provider.issuer:
        raise ValueError("the provider calls itself by another name")
    claimed = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [alg for alg in claimed if alg in oidc.ALGORITHMS]
    return client


def _forget_tries() -> None:
    """What Authlib noted for tries that were given up, or are over: each may be used once."""
    for key in [key for key in session if key.startswith("_state_")]:
        del session[key]


def _provider() -> Provider:
    return settings().oidc or abort(404)


def _broken() -> tuple[type[Exception], ...]:
    from requests import RequestException

    return (RequestException,)


def _untrue() -> tuple[type[Exception], ...]:
    from authlib.common.errors import AuthlibBaseError
    from joserfc.errors import JoseError

    return (AuthlibBaseError, JoseError, ValueError, KeyError)


def _down(error: Exception) -> Page:
    provider = _provider()
    log.error("single sign-on unavailable", error=type(error).__name__)
    text = f"{provider.name[:1].upper()}{provider.name[1:]} does not answer. Try again in a moment"
    text += ", or sign in with a password if you have one here."
    return render_template("sso_refused.html", title="Single sign-on is not available", text=text), 503, {
        "Retry-After": "10"
    }  # fmt: skip


def _refused(text: str, user: User | None, reason: str, *, ask: bool = False) -> Page:
    """The page that says why; on record, but for repeated refusals."""
    with db.connection() as connection:
        if reason:
            proving.failed(connection, user, reason, "oidc", 0)
        # Names only for those whom the provider has vouched for.
        asked = accounts.administrators(connection) if ask else []
    title = "You could not be signed in"
    return render_template("sso_refused.html", title=title, text=text, administrators=asked), 403
