"""Client round trips: prepared one-row statements, each its own transaction, from several processes at once.

Processes, because threads of one would wait for each other's interpreter and not for the server.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Generator
from contextlib import contextmanager
from multiprocessing.pool import Pool
from multiprocessing.synchronize import Barrier
from statistics import mean
from threading import BrokenBarrierError

import psycopg

from .statements import Slice

COUNTS = (1, 2, 8)
START_SECONDS = 120

_start: dict[int, Barrier] = {}


class Clients:
    """The processes, which stay for the whole run: starting one takes longer than what it measures."""

    def __init__(self, pool: Pool, start: dict[int, Barrier]) -> None:
        self._pool = pool
        self._start = start

    def seconds(self, url: str, statement: str, slices: list[Slice]) -> float:
        """The time of one statement, as a client sees it while all are at work; one client for each slice."""
        self._start[len(slices)].reset()
        waiting = [self._pool.apply_async(_run, (url, statement, part, len(slices))) for part in slices]
        times: list[float] = []
        errors: list[Exception] = []
        for result in waiting:
            try:
                times.append(result.get())
            except Exception as error:
                errors.append(error)
        if errors:
            # The others only say that they did not start.
            raise next((e for e in errors if not isinstance(e, BrokenBarrierError)), errors[0])
        return mean(times)


@contextmanager
def clients() -> Generator[Clients]:
    # Forked from a process that has imported us and opened nothing: quick, and no connection is copied.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", __name__])
    start = {count: context.Barrier(count) for count in COUNTS}
    with context.Pool(max(COUNTS), _remember, (start,)) as pool:
        yield Clients(pool, start)


def _remember(start: dict[int, Barrier]) -> None:
    _start.update(start)


def _run(url: str, statement: str, part: Slice, count: int) -> float:
    start = _start[count]
    try:
        with psycopg.connect(url, autocommit=True, application_name="auditlog bench client") as connection:
            connection.execute("set synchronous_commit = off")
            query = statement.encode()
            for n in range(part.first, part.first + part.warm):
                connection.execute(query, (n,), prepare=True)
            start.wait(START_SECONDS)
            began = time.perf_counter()
            for n in range(part.first + part.warm, part.end):
                connection.execute(query, (n,), prepare=True)
            return (time.perf_counter() - began) / part.timed
    except BaseException:
        start.abort()  # the others need not wait for us
        raise
