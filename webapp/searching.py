"""Lets audit.search follow the log: what pages find events by, kept by whoever is at work here, never by a writer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog

CHUNK = 20_000  # events a transaction
A_WHILE = 20.0  # seconds, for whoever has something else to do as well
PAUSE = 2.0  # seconds; what is newer is looked for in the log itself
LONGEST = "10min"  # for one of them: beyond it something is wrong
AFTER_FAILURE = 30.0
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def extend(
    connection: psycopg.Connection[Any],
    on_progress: Callable[[int], None] = lambda done: None,
    *,
    seconds: float = float("inf"),
) -> int:
    """Add what is missing, for so long at most; return how much that was. None of it when somebody else is at it."""
    done, end = 0, time.monotonic() + seconds
    while True:
        added = _step(connection) or 0
        done += added
        if added:
            on_progress(done)
        if added < CHUNK or time.monotonic() >= end:
            return done


def catch_up(connection: psycopg.Connection[Any], seconds: float) -> bool:
    """Wait until it holds what was committed by now, whoever adds it; False when that takes longer."""
    end = time.monotonic() + seconds
    while (missing := _step(connection)) is None or missing == CHUNK:
        if time.monotonic() >= end:
            return False
        if missing is None:
            time.sleep(0.2)
    return True


def _step(connection: psycopg.Connection[Any]) -> int | None:
    row = connection.execute("select audit.extend_search(%s)", (CHUNK,)).fetchone()
    connection.commit()
    return row[0] if row else None


def follow(url: str, stop: threading.Event | None = None) -> threading.Thread:
    """Extend it again and again, in a thread that ends with its process."""
    thread = threading.Thread(target=_follow, args=(url, stop or threading.Event()), daemon=True, name="searching")
    thread.start()
    return thread


def _follow(url: str, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            with psycopg.connect(
                url, autocommit=True, application_name="auditlog search", connect_timeout=5
            ) as connection:
                connection.execute(
                    "select set_config('statement_timeout', %s, false), set_config('lock_timeout', '3s', false)",
                    (LONGEST,),
                )
                while not stop.is_set():
                    extend(connection)
                    # A server may run for longer than there are months.
                    connection.execute("select audit.ensure_partitions()")
                    stop.wait(PAUSE)
        except psycopg.Error as error:
            # Pages stay right, and become slower the longer this lasts: status and health page tell.
            log.warning("events are not made searchable", error=type(error).__name__, again_in=AFTER_FAILURE)
            stop.wait(AFTER_FAILURE)
