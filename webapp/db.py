"""The web application's connections to PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import partial
from typing import Any

import psycopg
import structlog
from flask import Flask, current_app
from psycopg.types.json import set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout

from . import migrations
from .config import Settings

Connection = psycopg.Connection[tuple[Any, ...]]
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def _whole(digits: str) -> int | Decimal:
    """Python refuses to read, or to write, an int of more than 4300 digits."""
    return int(digits) if len(digits) <= 1000 else Decimal(digits)


#: JSON with every number as it was stored: 1.10 is not 1.1, and a numeric column holds what no float does.
read_json = partial(json.loads, parse_int=_whole, parse_float=Decimal)


class Patience:
    """How long a request waits for a connection: not as long as usual just after another one has waited in vain.

    While a database is gone or full, every thread would wait, and nobody be left to say so.
    """

    USUAL, SHORT, REMEMBERED = 5.0, 0.5, 10.0  # seconds

    def __init__(self) -> None:
        self._short_until = 0.0

    @property
    def seconds(self) -> float:
        return self.SHORT if time.monotonic() < self._short_until else self.USUAL

    def was_in_vain(self) -> None:
        self._short_until = time.monotonic() + self.REMEMBERED

    def was_rewarded(self) -> None:
        self._short_until = 0.0


def init_app(app: Flask, settings: Settings) -> None:
    """Check that database and program fit together, then open the pool."""
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        migrations.require_current(connection)
        connection.execute("select audit.ensure_partitions()")
        connection.execute("select audit.end_lost_exports()")

    def configure(connection: Connection) -> None:
        connection.execute(
            "select set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),"
            " set_config('idle_in_transaction_session_timeout', '60s', false), set_config('timezone', 'UTC', false),"
            # A policy on the table of users would run here, as whoever may read the log: rather none of them sign in.
            " set_config('row_security', 'off', false),"
            # What is asked for decides how it is best found; and no compiling for a page of fifty rows.
            " set_config('plan_cache_mode', 'force_custom_plan', false), set_config('jit', 'off', false)",
            (str(settings.statement_timeout), str(settings.lock_timeout)),
        )
        connection.commit()
        set_json_loads(read_json, connection)

    pool: ConnectionPool[Connection] = ConnectionPool(
        settings.database_url,
        # A server that is gone without a word is noticed in seconds, too.
        kwargs={
            "application_name": "auditlog-web",
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "tcp_user_timeout": 15_000,
        },
        min_size=0,
        max_size=settings.pool_size,
        # Attempts wait twice as long each time; starting over finds a database soon after it is back.
        reconnect_timeout=5,
        configure=configure,
        # A server that was restarted must not cost a reader an error page.
        check=ConnectionPool.check_connection,
        open=True,
        name="auditlog-web",
    )
    app.extensions["pool"] = pool
    app.extensions["patience"] = Patience()


@contextmanager
def connection() -> Generator[Connection]:
    """A connection and its transaction: committed at the end, rolled back on an error."""
    pool: ConnectionPool[Connection] = current_app.extensions["pool"]
    patience: Patience = current_app.extensions["patience"]
    with ExitStack() as stack:
        try:
            borrowed = stack.enter_context(pool.connection(timeout=patience.seconds))
        except PoolTimeout:
            patience.was_in_vain()
            raise
        patience.was_rewarded()
        yield borrowed


def ping() -> None:
    """Raise psycopg.OperationalError unless the database answers."""
    with connection() as borrowed:
        borrowed.execute("select 1")
