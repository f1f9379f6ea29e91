"""Connections of commands."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg

from . import migrations
from .errors import AuditLogError


@contextmanager
def connected(
    url: str, command: str, *, needs: str, autocommit: bool = False
) -> Generator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection to a database that is at this program's version, and its transaction.

    Raises AuditLogError when it is not, or when the login lacks a right; `needs` says which right the command takes.
    """
    with psycopg.connect(url, autocommit=autocommit, application_name=f"auditlog {command}") as connection:
        try:
            migrations.require_current(connection)
            yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            if error.diag.message_hint:  # it names the cure itself
                raise
            raise AuditLogError(
                f'{error.diag.message_primary}: the login "{connection.info.user}" needs {needs}; '
                "grant it, or name the database's owner in AUDITLOG_DATABASE_URL"
            ) from None
