"""Failures of commands, as people should see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
import psycopg

from . import config
from .as_commands import as_commands
from .embedded.messages import DISK_FULL, tells_of_full_disk
from .errors import AuditLogError, FilterError

P = ParamSpec("P")
R = TypeVar("R")

#: What a server that does answer says before there is a connection; libpq gives no code with it.
REFUSALS = {
    r'database "(.+)" does not exist': 'there is no database "{}": create it, or name another in AUDITLOG_DATABASE_URL',
    r'role "(.+)" does not exist': 'there is no login "{}": create it, or name another in AUDITLOG_DATABASE_URL',
    r'password authentication failed for user "(.+?)"': (
        'the password of "{}" is wrong: put the right one into AUDITLOG_DATABASE_URL'
    ),
    r"no password supplied": (
        "the database asks for a password: write AUDITLOG_DATABASE_URL as postgresql://user:password@host/database"
    ),
    r"FATAL: +(.+)": "the database refuses the connection of AUDITLOG_DATABASE_URL: {}",
}


def explained(command: Callable[P, R]) -> Callable[P, R]:
    """Every expected failure in words and with exit code 1; a filter that says nothing is wrong usage, which is 2."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            config.require_known()
            return command(*args, **kwargs)
        except FilterError as error:
            raise click.UsageError(str(error), click.get_current_context(silent=True)) from None
        except (AuditLogError, psycopg.Error) as error:
            raise click.ClickException(in_words(error)) from None

    return run


def in_words(error: AuditLogError | psycopg.Error) -> str:
    """What went wrong, and what to do, for people."""
    if isinstance(error, psycopg.errors.DiskFull) or tells_of_full_disk(str(error)):
        return DISK_FULL
    if isinstance(error, AuditLogError):
        return str(error)
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return _without_connection(" ".join(str(error).split()))
    hint = as_commands(error.diag.message_hint or "")
    parts = [error.diag.message_primary or str(error), error.diag.message_detail, hint]
    return "\n  ".join(part for part in parts if part)


def _without_connection(text: str) -> str:
    for pattern, words in REFUSALS.items():
        if found := re.search(pattern, text):
            return words.format(*found.groups())
    return f"the database does not answer: {text}"
