"""A consumer: takes what comes next, hands it over, then notes that it was taken; so nothing is missed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg

from ..connecting import connected
from ..errors import AuditLogError
from .cursors import StreamError, alone, begin, confirm, next_batch, note_problem
from .formats import Format
from .targets import Target

NEEDS = "the roles audit_reader and audit_streamer"
BATCH = 500


def follow(
    url: str,
    name: str,
    target: Target,
    written: Format,
    *,
    at_the_end: bool = False,
    most: int = BATCH,
    stop: threading.Event,
    on_gap: Callable[[str], None] = lambda text: None,
) -> int:
    """Everything that is sealed and was not confirmed; returns how many events that were. Raises StreamError."""
    sent = 0
    with connected(url, "stream", needs=NEEDS, autocommit=True) as connection, alone(connection, name):
        if gap := begin(connection, name, at_the_end=at_the_end):
            on_gap(gap)
        while not stop.is_set() and (batch := next_batch(connection, name, most)):
            if batch.lines:
                try:
                    taken = target.send(
                        f"{name}_{batch.first}_{batch.until}", [written(line) for line in batch.lines], stop
                    )
                except StreamError as error:
                    note_problem(connection, name, str(error))
                    raise
                if not taken:
                    break
            confirm(connection, name, batch)
            sent += len(batch.lines)
    return sent


def follow_until(
    once: Callable[[], int], every: float, stop: threading.Event, on_failure: Callable[[Exception], None]
) -> None:
    """Again and again, so many seconds apart. A failure is told, and the next round tries again."""
    while not stop.is_set():
        try:
            once()
        except (AuditLogError, psycopg.Error) as error:
            on_failure(error)
        stop.wait(every)
