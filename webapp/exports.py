"""CSV of exactly what the filters show, streamed, and put on record before the first byte leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress

import psycopg
from psycopg import IsolationLevel
from psycopg_pool import ConnectionPool

from .db import Connection
from .filters import Filters
from .queries import load
from .scopes import Scope

CHUNK = 64 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # spreadsheets read the file as UTF-8 with it, and guess without

Recorder = Callable[[Connection, dict[str, object]], int]


class CsvExport:
    """An iterator of bytes in constant memory.

    `record` writes the export event: once before the first byte, once at the end with the count and
    the SHA-256, or with the reason why it broke off.
    """

    def __init__(
        self,
        pool: ConnectionPool[Connection],
        filters: Filters,
        scope: Scope,
        record: Recorder,
        *,
        byte_order_mark: bool = False,
    ) -> None:
        self._pool = pool
        self._record = record
        self._digest = hashlib.sha256()
        self._rows = 0
        self._prefix = BYTE_ORDER_MARK if byte_order_mark else b""
        self._outcome = "client went away"
        self._closed = False
        self._stack = ExitStack()
        try:
            reader = self._stack.enter_context(pool.connection())
            self._stack.callback(self._give_back, reader)
            reader.isolation_level = IsolationLevel.REPEATABLE_READ
            reader.read_only = True
            # What the reader saw when pressing the button, which does not include this export itself.
            reader.execute("set local statement_timeout = '1h'")
            reader.execute("select pg_current_snapshot()")
            with pool.connection() as writer:
                self.event_id = record(
                    writer, {"format": "csv", "filter": filters.to_query(), "limited_to": scope.listed}
                )
            conditions, parameters = filters.conditions(scope)
            self._copy = self._stack.enter_context(
                reader.cursor().copy(load("export").format(conditions=conditions), parameters)
            )
        except BaseException:
            self._stack.close()
            raise
        self._chunks = self._read()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self.close()
            raise
        except psycopg.Error:
            self._outcome = "the database gave up"
            self.close()
            raise

    def close(self) -> None:
        """End the export and record how it ended; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._outcome == "complete":
                self._stack.close()
            else:
                self._abandon()
        finally:
            with self._pool.connection() as writer:
                self._record(
                    writer,
                    {
                        "format": "csv",
                        "completes": self.event_id,
                        "outcome": self._outcome,
                        "row_count": self._rows,
                        "sha256": self._digest.hexdigest() if self._outcome == "complete" else None,
                    },
                )

    def _read(self) -> Iterator[bytes]:
        buffer = bytearray(self._prefix)
        header = True
        for line in self._copy:  # the server sends one line at a time
            buffer += bytes(line)[:-1] + b"\r\n"
            self._rows += not header
            header = False
            if len(buffer) >= CHUNK:
                self._digest.update(buffer)
                yield bytes(buffer)
                buffer.clear()
        self._digest.update(buffer)
        self._outcome = "complete"
        if buffer:
            yield bytes(buffer)

    def _abandon(self) -> None:
        # Closing the connection stops the server at once; reading the rest for nobody would not.
        with suppress(psycopg.Error):
            self._copy.connection.close()
            self._stack.close()

    @staticmethod
    def _give_back(reader: Connection) -> None:
        if not reader.closed:
            reader.rollback()
            reader.isolation_level = None
            reader.read_only = None
