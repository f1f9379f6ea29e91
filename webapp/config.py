"""Settings: every AUDITLOG_* variable, in one place."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from .errors import ConfigurationError
from .filters import ZONES

#: name -> (default, what it does). The README's table is checked against this.
SETTINGS: dict[str, tuple[str, str]] = {
    "AUDITLOG_DATABASE_URL": ("", "PostgreSQL connection URL; every command uses it first"),
    "AUDITLOG_SECRET_KEY": (
        "",
        "signs forms and page cursors; at least 32 characters; required by `serve`",
    ),
    "AUDITLOG_SECRET_KEY_FILE": ("", "file that holds the secret key, instead of the variable"),
    "AUDITLOG_TIME_ZONE": ("UTC", "zone that the report shows until a reader chooses another"),
    "AUDITLOG_BIND": ("127.0.0.1:8000", "address and port that `serve` listens on"),
    "AUDITLOG_PUBLIC_URL": ("", "address of the report in a browser, for links; without it, that of `AUDITLOG_BIND`"),
    "AUDITLOG_POOL_SIZE": ("8", "database connections per web process"),
    "AUDITLOG_STATEMENT_TIMEOUT": ("15000", "milliseconds after which a page's query is given up"),
    "AUDITLOG_SESSION_IDLE": ("60", "minutes without a click after which a session ends"),
    "AUDITLOG_SESSION_LONGEST": ("720", "minutes after which a session ends in any case"),
    "AUDITLOG_CONFIRM_AFTER": ("15", "minutes after which an export takes the password again"),
    "AUDITLOG_SECURE_COOKIES": (
        "auto",
        "`on` behind HTTPS, `off` for plain HTTP; `auto` is off only on a loopback address",
    ),
    "AUDITLOG_SEAL_KEY_FILE": ("", "file with the private key that signs seals; `serve` seals when it is set"),
    "AUDITLOG_SEAL_KEY_PASSPHRASE": ("", "passphrase of that file, if it has one"),
    "AUDITLOG_ANCHORS": (
        "",
        "where each checkpoint goes, with spaces between: `file:PATH`, `git:PATH`, `https://…`, `stdout`",
    ),
}

MAKE_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts."""

    idle: timedelta  # without a click
    longest: timedelta  # in any case
    confirmed: timedelta  # since the last proof of who it is, for what takes a recent one


@dataclass(frozen=True)
class Settings:
    """What the web application needs to know."""

    database_url: str
    secret_key: str
    time_zone: str = "UTC"
    bind: str = "127.0.0.1:8000"
    pool_size: int = 8
    statement_timeout: int = 15_000
    secure_cookies: bool = False
    session_idle: int = 60
    session_longest: int = 12 * 60
    confirm_after: int = 15

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
    passphrase: str
    anchors: str


def evidence(environ: Mapping[str, str] = os.environ) -> Evidence:
    """The settings of seals, as they stand."""
    names = ("AUDITLOG_SEAL_KEY_FILE", "AUDITLOG_SEAL_KEY_PASSPHRASE", "AUDITLOG_ANCHORS")
    return Evidence(*(environ.get(name, "").strip() for name in names))


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

    zone = value("AUDITLOG_TIME_ZONE")
    if zone not in ZONES:
        raise ConfigurationError(f'AUDITLOG_TIME_ZONE is "{zone}": expected a name such as UTC or Europe/Berlin')

    bind = value("AUDITLOG_BIND")
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal():
        raise ConfigurationError(f'AUDITLOG_BIND is "{bind}": expected address:port, such as 127.0.0.1:8000')

    secure = value("AUDITLOG_SECURE_COOKIES")
    if secure not in ("auto", "on", "off"):
        raise ConfigurationError(f'AUDITLOG_SECURE_COOKIES is "{secure}": expected auto, on or off')

    return Settings(
        database_url=database_url(environ),
        secret_key=_secret_key(value("AUDITLOG_SECRET_KEY"), value("AUDITLOG_SECRET_KEY_FILE")),
        time_zone=zone,
        bind=bind,
        pool_size=number("AUDITLOG_POOL_SIZE", 2, 200),  # an export needs two: one reads, one records
        statement_timeout=number("AUDITLOG_STATEMENT_TIMEOUT", 100, 600_000),
        session_idle=number("AUDITLOG_SESSION_IDLE", 2, 24 * 60),  # its last use is noted once a minute
        session_longest=number("AUDITLOG_SESSION_LONGEST", 2, 7 * 24 * 60),
        confirm_after=number("AUDITLOG_CONFIRM_AFTER", 1, 7 * 24 * 60),
        secure_cookies=secure == "on" or (secure == "auto" and host not in ("127.0.0.1", "localhost", "[::1]")),
    )


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
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise ConfigurationError(
            f'AUDITLOG_PUBLIC_URL is "{url}": expected an address such as https://audit.example.org'
        )
    if parts.scheme == "http" and not local and "AUDITLOG_PUBLIC_URL" in environ:
        raise ConfigurationError(f'AUDITLOG_PUBLIC_URL is "{url}": passwords need https, except on 127.0.0.1')
    return url


def own_database_url(environ: Mapping[str, str] = os.environ) -> str:
    """The database that was named, for a command that can do without: "" when none was."""
    return database_url(environ) if environ.get("AUDITLOG_DATABASE_URL", "").strip() else ""


def database_url(environ: Mapping[str, str] = os.environ) -> str:
    url = environ.get("AUDITLOG_DATABASE_URL", "").strip()
    if not url:
        raise ConfigurationError(
            "AUDITLOG_DATABASE_URL is not set: name your database, for example "
            "AUDITLOG_DATABASE_URL=postgresql://user@host/database (or try `auditlog demo`, which brings its own)"
        )
    if not _is_understood(url):
        # Neither it nor libpq's complaint is quoted: both may hold a password.
        raise ConfigurationError(
            "AUDITLOG_DATABASE_URL cannot be understood: write it as postgresql://user@host/database, "
            "and in a password %40 for @, %3A for : and %2F for /"
        )
    return url


def _is_understood(url: str) -> bool:
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return False
    # libpq takes what follows an unquoted @ in a password for the host and the port, and would print it as such.
    ports = str(parts.get("port") or "5432").split(",")
    return all(port.isdecimal() for port in ports) and "@" not in str(parts.get("host", ""))[1:]


def _secret_key(key: str, file: str) -> str:
    if file and not key:
        key = _kept_key(Path(file))
    if not key:
        raise ConfigurationError(f"AUDITLOG_SECRET_KEY is not set: make one with `{MAKE_KEY}`")
    if len(key) < 32 or len(set(key)) < 10:
        raise ConfigurationError(
            f"AUDITLOG_SECRET_KEY is too weak: at least 32 characters, made at random with `{MAKE_KEY}`"
        )
    return key


def _kept_key(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        key = file.read_text().strip()
    except FileNotFoundError:
        raise ConfigurationError(
            f'AUDITLOG_SECRET_KEY_FILE: there is no file "{file}": make it with `(umask 077; {MAKE_KEY} > {file})`'
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        raise ConfigurationError(f'AUDITLOG_SECRET_KEY_FILE: "{file}" cannot be read ({reason})') from None
    # A group may be the server's own; everybody is too many.
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigurationError(
            f'AUDITLOG_SECRET_KEY_FILE: others can read "{file}", and sign in as anybody with it: chmod 600 {file}'
        )
    return key
