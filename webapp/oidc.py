"""Single sign-on by OpenID Connect: its settings, and what is taken from a provider's answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from .errors import ConfigurationError

#: Signatures that only the provider can make: no shared secret, and never none at all.
ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
SHORTEST_SECRET, DIFFERENT = 16, 8  # characters, and how many of them are not the same
ROLES = ("auditor", "administrator")


@dataclass(frozen=True)
class Provider:
    """Who vouches for people."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str  # on the button
    groups_claim: str
    roles: Mapping[str, str]  # group -> role; empty: permissions are those of audit.web_users


@dataclass(frozen=True)
class Person:
    """What the provider says of somebody. E-mail addresses that it has not verified are none."""

    email: str | None
    groups: list[str]

    @classmethod
    def of(cls, claims: Mapping[str, Any], groups_claim: str) -> Person:
        email, groups = claims.get("email"), claims.get(groups_claim)
        verified = claims.get("email_verified") in (True, "true") and isinstance(email, str)
        return cls(email if verified else None, [str(g) for g in groups] if isinstance(groups, list) else [])


def provider(value: Callable[[str], str], secret: Callable[[str], str]) -> Provider | None:
    """The provider of the settings, each read by `value` or `secret`; None when there is none."""
    issuer = value("AUDITLOG_OIDC_ISSUER").rstrip("/")
    if not issuer:
        return None
    if not find_spec("authlib") or not find_spec("requests"):
        raise ConfigurationError("AUDITLOG_OIDC_ISSUER is set, but Authlib is missing: pip install authlib requests")
    parts = urlsplit(issuer)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise ConfigurationError(f'AUDITLOG_OIDC_ISSUER is "{issuer}": expected an https:// address')
    client_secret = secret("AUDITLOG_OIDC_CLIENT_SECRET")
    if not value("AUDITLOG_OIDC_CLIENT_ID") or not client_secret:
        raise ConfigurationError(
            "AUDITLOG_OIDC_ISSUER is set: set AUDITLOG_OIDC_CLIENT_ID and AUDITLOG_OIDC_CLIENT_SECRET, too, "
            "as the provider gave them for this site"
        )
    found = Provider(
        issuer=issuer,
        client_id=value("AUDITLOG_OIDC_CLIENT_ID"),
        client_secret=client_secret,
        name=value("AUDITLOG_OIDC_NAME"),
        groups_claim=value("AUDITLOG_OIDC_GROUPS_CLAIM"),
        roles=_roles(value("AUDITLOG_OIDC_ROLES")),
    )
    if len(client_secret) < SHORTEST_SECRET or len(set(client_secret)) < DIFFERENT:
        raise ConfigurationError(
            "AUDITLOG_OIDC_CLIENT_SECRET is too weak: whoever guesses it can pass for this site. "
            f"Let the provider make one of {SHORTEST_SECRET} characters or more"
        )
    return found


def _roles(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        group, _, role = (side.strip() for side in pair.rpartition("="))
        if not group or role not in ROLES:
            raise ConfigurationError(
                f'AUDITLOG_OIDC_ROLES is "{text}": expected group=role with commas between, and of roles '
                f"{' or '.join(ROLES)}, such as log-readers=auditor"
            )
        found[group] = role
    return found
