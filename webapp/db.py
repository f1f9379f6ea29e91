"""The web application's connections to PostgreSQL."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
import structlog
from flask import Flask, current_app
from psycopg_pool import ConnectionPool

from . import migrations
from .config import Settings

Connection = psycopg.Connection[tuple[Any, ...]]
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Check that database and program fit together, then open the pool."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        migrations.require_current(connection)
        connection.execute("select audit.ensure_partitions()")
        row = connection.execute("select has_table_privilege('audit.log', 'insert'), current_user").fetchone()
        if row and row[0]:
            log.warning(
                "the web login has more rights than it needs",
                login=row[1],
                cure="create a login of its own: create role auditlog_web login in role audit_web",
            )

    def configure(connection: Connection) -> None:
        connection.execute("select set_config('statement_timeout', %s, false)", (str(settings.statement_timeout),))
        connection.execute("set timezone = 'UTC'")
        connection.commit()

    pool: ConnectionPool[Connection] = ConnectionPool(
        settings.database_url,
        kwargs={"application_name": "auditlog-web"},
        min_size=0,
        max_size=settings.pool_size,
        timeout=5,
        # Attempts wait twice as long each time; starting over finds a database soon after it is back.
        reconnect_timeout=5,
        configure=configure,
        # A server that was restarted must not cost a reader an error page.
        check=ConnectionPool.check_connection,
        open=True,
        name="auditlog-web",
    )
    app.extensions["pool"] = pool


@contextmanager
def connection() -> Generator[Connection]:
    """A connection and its transaction: committed at the end, rolled back on an error."""
    pool: ConnectionPool[Connection] = current_app.extensions["pool"]
    with pool.connection() as borrowed:
        yield borrowed


def ping() -> None:
    """Raise psycopg.OperationalError unless the database answers."""
    with connection() as borrowed:
        borrowed.execute("select 1")
