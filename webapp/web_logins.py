"""Logins of the web application: each may do what it needs, and nothing more."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from .db import Connection
from .errors import ServerError
from .queries import load


def problems(connection: Connection, *, own: bool = False) -> list[dict[str, Any]]:
    """login, problem and cure for whatever a login may do beyond that: this connection's own one, or all of them."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(load("web_login"), {"own": own}).fetchall()


def require_least(connection: Connection) -> None:
    """Raise ServerError when this connection's login could change the log, or the database around it."""
    found = problems(connection, own=True)
    if found:
        can = ", ".join(wrong["problem"] for wrong in found)
        cures = "; ".join(wrong["cure"] for wrong in found)
        raise ServerError(
            f'"{found[0]["login"]}" can do more than show the log: it {can}. Give the web application a login of its '
            f"own (create role auditlog_web login in role audit_web), or take the rights from this one ({cures})"
        )
