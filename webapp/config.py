"""Settings: every AUDITLOG_* variable, in one place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from .errors import AuditLogError, ConfigurationError
from .evidence.places import Folder, Place
from .evidence.places import parse as place_of_archives
from .filters import ZONES
from .oidc import Provider
from .oidc import provider as oidc_provider
from .secret_settings import database_url, given, secret_key

#: name -> (default, what it does). The README's table is checked against this.
SETTINGS: dict[str, tuple[str, str]] = {
    "AUDITLOG_DATABASE_URL": ("", "PostgreSQL connection URL; every command uses it first"),
    "AUDITLOG_SECRET_KEY": (
        "",
        "signs forms and page cursors; at least 32 characters; required by `serve`",
    ),
    "AUDITLOG_SECRET_KEY_FILE": ("", "file that holds the secret key, instead of the variable"),
    "AUDITLOG_DATABASE_URL_FILE": ("", "file that holds the connection URL, instead of the variable"),
    "AUDITLOG_TIME_ZONE": ("UTC", "zone that the report shows until a reader chooses another"),
    "AUDITLOG_BIND": ("127.0.0.1:8000", "address and port that `serve` listens on"),
    "AUDITLOG_PUBLIC_URL": (
        "",
        "address in the browser, such as https://audit.example.org; without it, that of `AUDITLOG_BIND`",
    ),
    "AUDITLOG_TRUSTED_PROXIES": ("", "addresses or networks of proxies whose X-Forwarded-For is believed"),
    "AUDITLOG_POOL_SIZE": ("8", "database connections per web process"),
    "AUDITLOG_STATEMENT_TIMEOUT": ("15000", "milliseconds after which a page's query is given up"),
    "AUDITLOG_LOCK_TIMEOUT": ("3000", "milliseconds after which a query stops waiting for a lock"),
    "AUDITLOG_SESSION_IDLE": ("60", "minutes without a click after which a session ends"),
    "AUDITLOG_SESSION_LONGEST": ("720", "minutes after which a session ends in any case"),
    "AUDITLOG_CONFIRM_AFTER": ("15", "minutes after which an export takes the password again"),
    "AUDITLOG_EXPORT_LIMIT": ("1000000", "events that one export may hold; the page says so before it begins"),
    "AUDITLOG_TOTP_REQUIRED": (
        "administrators",
        "who must sign in with an authenticator app: `nobody`, `administrators` or `everybody`",
    ),
    "AUDITLOG_OIDC_ISSUER": ("", "address of an OpenID Connect provider, for single sign-on"),
    "AUDITLOG_OIDC_CLIENT_ID": ("", "what the provider calls this site"),
    "AUDITLOG_OIDC_CLIENT_SECRET": ("", "the secret that goes with it"),
    "AUDITLOG_OIDC_CLIENT_SECRET_FILE": ("", "file that holds that secret, instead of the variable"),
    "AUDITLOG_OIDC_NAME": ("SSO", "what the button says after “Sign in with”"),
    "AUDITLOG_OIDC_GROUPS_CLAIM": ("groups", "where the provider puts a person's groups"),
    "AUDITLOG_OIDC_ROLES": (
        "",
        "roles by group, such as `log-readers=auditor,it=administrator`; without it, those of `audit.web_users`",
    ),
    "AUDITLOG_SEAL_KEY_FILE": ("", "file with the private key that signs seals; required by `seal`"),
    "AUDITLOG_SEAL_DATABASE_URL": (
        "",
        "login in audit_sealer, where it is another one; with it and the key, `serve` seals too",
    ),
    "AUDITLOG_SEAL_DATABASE_URL_FILE": ("", "file that holds that URL, instead of the variable"),
    "AUDITLOG_SEAL_KEY_PASSPHRASE": ("", "passphrase of that file, if it has one"),
    "AUDITLOG_ANCHORS": (
        "",
        "where each checkpoint goes, with spaces between: `file:PATH`, `git:PATH`, `s3://…`, `https://…`, `stdout`",
    ),
    "AUDITLOG_ARCHIVE": (
        "",
        "folder or `s3://…` of the months that left the log: report and exports go on in them",
    ),
    "AUDITLOG_STREAM_SECRET": ("", "signs what `auditlog stream` posts, as Standard Webhooks say"),
    "AUDITLOG_STREAM_SECRET_FILE": ("", "file that holds that secret, instead of the variable"),
    "AUDITLOG_STREAM_AUTHORIZATION": ("", "the header Authorization that it sends along, if the receiver wants one"),
    "AUDITLOG_STREAM_AUTHORIZATION_FILE": ("", "file that holds that header, instead of the variable"),
}


LOOPBACK = ("127.0.0.1", "localhost", "::1")
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts."""

    idle: timedelta  # without a click
    longest: timedelta  # in any case
    confirmed: timedelta  # since the last proof of who it is, for what takes a recent one


@dataclass(frozen=True)
class Settings:
    """What the web application needs to know."""

    database_url: str = field(repr=False)  # may hold a password, and what is shown ends up in logs
    secret_key: str = field(repr=False)
    time_zone: str = "UTC"
    bind: str = "127.0.0.1:8000"
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: tuple[Network, ...] = ()
    pool_size: int = 8
    statement_timeout: int = 15_000
    lock_timeout: int = 3_000
    export_limit: int = 1_000_000
    session_idle: int = 60
    session_longest: int = 12 * 60
    confirm_after: int = 15
    totp_required: str = "nobody"
    oidc: Provider | None = None
    archive: Place | None = None

    @property
    def host(self) -> str:
        """The name of this site, as a browser says it; without the port."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def over_https(self) -> bool:
        """Whether browsers reach it by HTTPS: always, unless its address is one of this machine only."""
        return self.public_url.startswith("https:") or self.host not in LOOPBACK

    @property
    def listens_on_loopback(self) -> bool:
        return self.bind.rpartition(":")[0].strip("[]") in LOOPBACK

    @property
    def session_limits(self) -> SessionLimits:
        return SessionLimits(
            idle=timedelta(minutes=self.session_idle),
            longest=timedelta(minutes=self.session_longest),
            confirmed=timedelta(minutes=self.confirm_after),
        )


@dataclass(frozen=True)
class Evidence:
    """What the sealer needs to know."""

    key_file: str
    passphrase: str = field(repr=False)
    anchors: str = field(repr=False)


EVIDENCE = ("AUDITLOG_SEAL_KEY_FILE", "AUDITLOG_SEAL_KEY_PASSPHRASE", "AUDITLOG_ANCHORS")
#: What no web process may have in its environment.
SEALERS_OWN = (*EVIDENCE, "AUDITLOG_SEAL_DATABASE_URL", "AUDITLOG_SEAL_DATABASE_URL_FILE")


def evidence(environ: Mapping[str, str] = os.environ) -> Evidence:
    """The settings of seals, as they stand."""
    return Evidence(*(environ.get(name, "").strip() for name in EVIDENCE))


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the settings; raise ConfigurationError that names the variable."""

    def value(name: str) -> str:
        return environ.get(name, "").strip() or SETTINGS[name][0]

    def number(name: str, low: int, high: int) -> int:
        text = value(name)
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ConfigurationError(f'{name} is "{text}": expected a whole number from {low} to {high}')
        return int(text)

    require_known(environ)

    bind = value("AUDITLOG_BIND")
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigurationError(f'AUDITLOG_BIND is "{bind}": expected address:port, such as 127.0.0.1:8000')

    if environ.get("FLASK_DEBUG", "0").lower() not in ("", "0", "false", "no"):
        raise ConfigurationError("FLASK_DEBUG is set, and would show the inside of errors to readers: unset it")

    def choice(name: str, *choices: str) -> str:
        if value(name) not in choices:
            raise ConfigurationError(f'{name} is "{value(name)}": expected {", ".join(choices[:-1])} or {choices[-1]}')
        return value(name)

    return Settings(
        database_url=database_url(environ),
        secret_key=secret_key(environ),
        time_zone=time_zone(environ),
        bind=bind,
        public_url=public_url(environ),
        trusted_proxies=_networks(value("AUDITLOG_TRUSTED_PROXIES")),
        pool_size=number("AUDITLOG_POOL_SIZE", 2, 200),  # an export needs two: one reads, one records
        statement_timeout=number("AUDITLOG_STATEMENT_TIMEOUT", 100, 600_000),
        lock_timeout=number("AUDITLOG_LOCK_TIMEOUT", 100, 600_000),
        session_idle=number("AUDITLOG_SESSION_IDLE", 2, 24 * 60),  # its last use is noted once a minute
        session_longest=number("AUDITLOG_SESSION_LONGEST", 2, 7 * 24 * 60),
        confirm_after=number("AUDITLOG_CONFIRM_AFTER", 1, 7 * 24 * 60),
        export_limit=number("AUDITLOG_EXPORT_LIMIT", 1, 1_000_000_000),
        totp_required=choice("AUDITLOG_TOTP_REQUIRED", "nobody", "administrators", "everybody"),
        oidc=oidc_provider(value, partial(given, environ)),
        archive=archive(environ),
    )


def time_zone(environ: Mapping[str, str] = os.environ) -> str:
    """The zone that the report shows until a reader chooses another."""
    zone = environ.get("AUDITLOG_TIME_ZONE", "").strip() or SETTINGS["AUDITLOG_TIME_ZONE"][0]
    if zone not in ZONES:
        raise ConfigurationError(f'AUDITLOG_TIME_ZONE is "{zone}": expected a name such as UTC or Europe/Berlin')
    return zone


def archive(environ: Mapping[str, str] = os.environ) -> Place | None:
    """The place of the months that left the log, if one is named."""
    address = environ.get("AUDITLOG_ARCHIVE", "").strip()
    if not address:
        return None
    try:
        place = place_of_archives(address)
    except AuditLogError as error:
        raise ConfigurationError(f"AUDITLOG_ARCHIVE: {error}") from None
    if isinstance(place, Folder) and not place.path.is_dir():
        raise ConfigurationError(f'AUDITLOG_ARCHIVE is "{address}": there is no such folder')
    return place


def require_known(environ: Mapping[str, str] = os.environ) -> None:
    """Raise ConfigurationError for an AUDITLOG_* variable that does nothing: it was meant to do something."""
    for name in sorted(environ):
        if name.startswith("AUDITLOG_") and name not in SETTINGS:
            near = get_close_matches(name, SETTINGS, n=1, cutoff=0.8)
            cure = f"did you mean {near[0]}?" if near else f"there are {', '.join(SETTINGS)}"
            raise ConfigurationError(f'unknown setting "{name}": {cure}')


def public_url(environ: Mapping[str, str] = os.environ) -> str:
    """Where people open the report, without a slash at the end."""
    bind = environ.get("AUDITLOG_BIND", "").strip() or SETTINGS["AUDITLOG_BIND"][0]
    url = environ.get("AUDITLOG_PUBLIC_URL", "").strip().rstrip("/") or f"http://{bind}"
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise ConfigurationError(
            f'AUDITLOG_PUBLIC_URL is "{url}": expected an address such as https://audit.example.org'
        )
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and "AUDITLOG_PUBLIC_URL" in environ:
        raise ConfigurationError(f'AUDITLOG_PUBLIC_URL is "{url}": passwords need https, except on 127.0.0.1')
    return url


def own_database_url(environ: Mapping[str, str] = os.environ) -> str:
    """The database that was named, for a command that can do without: "" when none was."""
    return database_url(environ) if given(environ, "AUDITLOG_DATABASE_URL") else ""


def _networks(text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        raise ConfigurationError(
            f'AUDITLOG_TRUSTED_PROXIES is "{text}": expected addresses or networks with commas, '
            "such as 127.0.0.1, 10.1.0.0/16"
        ) from None
