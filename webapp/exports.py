"""A file of exactly what the filters show, streamed, and put on record before the first byte leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Protocol

import psycopg
import structlog
from psycopg import IsolationLevel
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolTimeout

from . import events
from .db import Connection
from .errors import ExportRefused
from .filters import Filters
from .queries import load
from .scopes import Scope

CHUNK = 64 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # spreadsheets read the file as UTF-8 with it, and guess without
FORMATS = {"csv": "text/csv", "ndjson": "application/x-ndjson"}  # CSV for spreadsheets, NDJSON for programs
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Exporter(Protocol):
    """Who exports, beyond the request that began it."""

    @property
    def user_id(self) -> str | None: ...

    def act(self, connection: Connection) -> None:
        """Make this person the actor of the connection's transaction."""


class Export:
    """An iterator of bytes in constant memory.

    The export event is committed before the first byte; the end is recorded with the rows, the bytes and the SHA-256
    of what was handed over, and with the reason when that is not all. Should this process be killed, whoever starts,
    looks or exports next records that. Raises ExportRefused, before anything leaves or is on record, for a second
    export of one person and for more than `limit` rows.
    """

    def __init__(
        self,
        pool: ConnectionPool[Connection],
        filters: Filters,
        scope: Scope,
        exporter: Exporter,
        *,
        limit: int,
        kind: str = "csv",
        byte_order_mark: bool = False,
    ) -> None:
        self._pool = pool
        self._exporter = exporter
        self._digest = hashlib.sha256()
        self._rows = self._size = self.event_id = 0
        self._kind = kind
        self._prefix = BYTE_ORDER_MARK if byte_order_mark and kind == "csv" else b""
        self._outcome = "client went away"
        self._closed = False
        self._stack = ExitStack()
        try:
            self._reader = reader = self._stack.enter_context(pool.connection())
            self._stack.callback(self._give_back, reader)
            reader.isolation_level = IsolationLevel.REPEATABLE_READ
            reader.read_only = True
            self._hold(reader)
            # What the reader saw when pressing the button, which does not include this export itself.
            count = events.count(reader, filters, scope, limit)
            if count > limit:
                raise ExportRefused(
                    413,
                    "That is too much for one file",
                    f"These filters show more than {limit:,} events, and an export holds no more than that. "
                    "Narrow the report, for example to fewer days, and export it in parts.",
                )
            details: dict[str, object] = {"format": kind, "filter": filters.recorded(), "row_count": count}
            details["limited_to"] = scope.listed
            with pool.connection() as writer:
                exporter.act(writer)
                row = writer.execute("select audit.begin_export(%s)", (Jsonb(details),)).fetchone()
                assert row is not None
                self.event_id = int(row[0])
            reader.execute("set local statement_timeout = '1h'")
            conditions, parameters = filters.conditions(scope)
            self._copy = self._stack.enter_context(
                reader.cursor().copy(load(f"export_{kind}").format(conditions=conditions), parameters)
            )
        except BaseException:
            self._outcome = "the database gave up"
            if self.event_id:
                self.close()
            else:
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
        complete = self._outcome == "complete"
        details: dict[str, object] = {"format": self._kind, "outcome": self._outcome, "row_count": self._rows}
        details |= {"bytes": self._size, "sha256": self._digest.hexdigest()}
        try:
            # While the lock is held: nobody takes this one for lost.
            with self._pool.connection() as writer:
                self._exporter.act(writer)
                writer.execute("select audit.end_export(%s, %s)", (self.event_id, Jsonb(details)))
        except (psycopg.OperationalError, PoolTimeout) as error:
            log.error("the end of an export is not on record yet", export=self.event_id, error=type(error).__name__)
        finally:
            if not complete:
                self._abandon()
            self._stack.close()

    def _hold(self, reader: Connection) -> None:
        """Take the person's lock, which ends with this transaction however that ends."""
        person = self._exporter.user_id
        row = reader.execute("select pg_try_advisory_xact_lock(audit.export_lock(%s))", (person,)).fetchone()
        if row and row[0]:
            return
        query = "select max(started_at) from audit.running_exports where person = %s"
        row = reader.execute(query, (person,)).fetchone()
        since: datetime | None = row[0] if row else None
        began = f"since {since:%H:%M} UTC " if since else ""
        raise ExportRefused(
            409,
            "One export at a time",
            f"An export of yours has been running {began}and has not ended. Wait until it has, or cancel that "
            "download in your browser, then try again. If you did not start it, tell your administrator.",
        )

    def _read(self) -> Iterator[bytes]:
        buffer = bytearray(self._prefix)
        rows, end = (-1, b"\r\n") if self._kind == "csv" else (0, b"\n")  # CSV begins with a header
        for line in self._copy:  # the server sends one line at a time
            buffer += bytes(line)[:-1] + end
            rows += 1
            if len(buffer) >= CHUNK:
                yield self._handed_over(buffer, rows)
        if buffer:
            yield self._handed_over(buffer, rows)
        self._outcome = "complete"

    def _handed_over(self, buffer: bytearray, rows: int) -> bytes:
        chunk = bytes(buffer)
        buffer.clear()
        self._digest.update(chunk)
        self._size += len(chunk)
        self._rows = rows
        return chunk

    def _abandon(self) -> None:
        # Closing the connection stops the server at once; reading the rest for nobody would not.
        with suppress(psycopg.Error):
            self._reader.close()
            self._stack.close()

    @staticmethod
    def _give_back(reader: Connection) -> None:
        if not reader.closed:
            reader.rollback()
            reader.isolation_level = None
            reader.read_only = None
