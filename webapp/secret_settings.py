"""Secrets among the settings: each is given in its variable or in a file, and never shown."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from . import passwords
from .errors import ConfigurationError

MAKE_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def given(environ: Mapping[str, str], name: str, making: str = "") -> str:
    """The value of NAME, or what the file in NAME_FILE holds; "" for neither.

    `making`: a command that prints a new one. Raises ConfigurationError for a file that others can read.
    """
    value, file = environ.get(name, "").strip(), environ.get(f"{name}_FILE", "").strip()
    if value and file:
        raise ConfigurationError(f"{name} and {name}_FILE are both set: keep one of them")
    return _kept(f"{name}_FILE", Path(file), making) if file else value


def secret_key(environ: Mapping[str, str] = os.environ) -> str:
    """The key that signs forms. Raises ConfigurationError for none, and for one that can be guessed."""
    key = given(environ, "AUDITLOG_SECRET_KEY", MAKE_KEY)
    if not key:
        raise ConfigurationError(f"AUDITLOG_SECRET_KEY is not set: make one with `{MAKE_KEY}`")
    if len(key) < 32 or len(set(key)) < 10:
        raise ConfigurationError(
            f"AUDITLOG_SECRET_KEY is too weak: at least 32 characters, made at random with `{MAKE_KEY}`"
        )
    return key


def database_url(environ: Mapping[str, str] = os.environ) -> str:
    """The database of every command. Raises ConfigurationError when it is not named, or cannot be understood."""
    url = _url(environ, "AUDITLOG_DATABASE_URL")
    if not url:
        raise ConfigurationError(
            "AUDITLOG_DATABASE_URL is not set: name your database, for example "
            "AUDITLOG_DATABASE_URL=postgresql://user@host/database (or try `auditlog demo`, which brings its own)"
        )
    return url


def seal_database_url(environ: Mapping[str, str] = os.environ) -> str:
    """The login that seals and verifies: one of its own where it is named, as beside a web login it has to be."""
    return _url(environ, "AUDITLOG_SEAL_DATABASE_URL") or database_url(environ)


def _url(environ: Mapping[str, str], name: str) -> str:
    url = given(environ, name)
    if url and not _is_understood(url):
        # Neither it nor libpq's complaint is quoted: both may hold a password.
        raise ConfigurationError(
            f"{name} cannot be understood: write it as postgresql://user@host/database, "
            "and in a password %40 for @, %3A for : and %2F for /"
        )
    return url


def require_strong_password(url: str, name: str = "AUDITLOG_DATABASE_URL") -> None:
    """Raise ConfigurationError when the password of a login that serves is one that is tried first.

    Without one, PostgreSQL lets the login in by other means, or does not.
    """
    parts = conninfo_to_dict(url)
    password = str(parts.get("password") or "")
    if not password:
        return
    try:
        passwords.check(password, str(parts.get("user") or ""))
    except passwords.PasswordError:
        raise ConfigurationError(
            f"the password in {name} is too short, or among the first that are tried: give the login "
            f"another one, made at random with `{MAKE_KEY}`"
        ) from None


def _is_understood(url: str) -> bool:
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return False
    # libpq takes what follows an unquoted @ in a password for the host and the port, and would print it as such.
    ports = str(parts.get("port") or "5432").split(",")
    return all(port.isdecimal() for port in ports) and "@" not in str(parts.get("host", ""))[1:]


def _kept(name: str, file: Path, making: str) -> str:
    try:
        mode = file.stat().st_mode
        secret = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        cure = f"make it with `(umask 077; {making} > {file})`" if making else "make it, and chmod 600"
        raise ConfigurationError(f'{name}: there is no file "{file}": {cure}') from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        raise ConfigurationError(f'{name}: "{file}" cannot be read ({reason})') from None
    # A group may be the server's own; everybody is too many.
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ConfigurationError(f'{name}: others can read "{file}", and do with it what you can: chmod 600 {file}')
    return secret
