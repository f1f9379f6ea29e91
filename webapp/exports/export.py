"""One export, from its first event to its last."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any, Protocol

import psycopg
import structlog
from psycopg import Copy, IsolationLevel, sql
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool, PoolTimeout

from .. import events, searching
from ..archives import Archives
from ..db import Connection
from ..errors import ArchiveError, ExportRefused
from ..evidence.places import Place
from ..filters import Filters
from ..narrowing import Filled, is_behind, narrowed
from ..scopes import Scope
from . import manifest, workbook
from .columns import NOT_ARCHIVED
from .files import CHUNK, Bytes, File, Part, lines
from .proofs import Proofs
from .statements import Statement, beyond, place_in, statements

BETWEEN_NOTES = 2.0  # seconds
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class Exporter(Protocol):
    """Who exports, beyond the request that began it."""

    @property
    def user_id(self) -> str | None:
        """None: the login of the database itself."""

    def act(self, connection: Connection) -> None:
        """Make this person the actor of the connection's transaction."""


class Export:
    """An iterator of bytes in constant memory.

    The export event is committed before the first byte; the end is recorded with the rows, the bytes and the SHA-256
    of what was handed over, and with the reason and the last event when that is not all. Should this process be
    killed, whoever starts, looks or exports next records that. Raises ExportRefused, before anything leaves or is on
    record, for a second export of one person, for more than `limit` rows, for more than a sheet holds,
    and when what was written at once cannot be searched within `patience` seconds.
    """

    def __init__(
        self,
        pool: ConnectionPool[Connection],
        filters: Filters,
        scope: Scope,
        exporter: Exporter,
        *,
        limit: int,
        file: File | None = None,
        archive: Place | None = None,
        patience: float = searching.A_WHILE,
    ) -> None:
        self._pool = pool
        self._exporter = exporter
        self._file = file = file or File()
        self.sent = Bytes()
        self.event_id = 0
        self.outcome = "client went away"
        self.last_event: int | None = None
        self._noted = -BETWEEN_NOTES
        self._cuts = workbook.Cuts()
        self._gathered = 0
        self._closed = False
        self._stack = ExitStack()
        self._require_searchable(patience)
        try:
            self._reader = reader = self._stack.enter_context(pool.connection())
            self._stack.callback(self._give_back, reader)
            reader.isolation_level = IsolationLevel.REPEATABLE_READ
            reader.read_only = True
            self._hold(reader)
            self._proofs = Proofs(reader) if file.with_proof else None
            archives = None
            if archive and self._proofs:
                self._proofs.require_no_archive(Archives(reader, archive, filters, scope).until)
            elif archive:
                archives = Archives(reader, archive, filters, scope)
                self._file = file = replace(file, columns=(*file.columns, NOT_ARCHIVED))
            filled, parameters = self._narrowed(reader, filters, scope, archives)
            filled["proofs"] = self._proofs.joined() if self._proofs else sql.SQL("")
            if self._proofs:
                parameters["size"] = self._proofs.size
            # What the reader saw when pressing the button, which does not include this export itself.
            self.count = events.count_found(reader, filled, parameters, limit)
            if archives:
                self.count += archives.count(reader, limit + 1, place_in(parameters))
            self._require_room(limit)
            details: dict[str, object] = {"filter": filters.recorded(), "row_count": self.count}
            details |= {"limited_to": scope.listed, "version": manifest.product_version()}
            details |= {"checkpoint": manifest.last_checkpoint(reader), **file.as_details()}
            with pool.connection() as writer:
                exporter.act(writer)
                begin = "select audit.begin_export(%s, by_login => %s)"
                row = writer.execute(begin, (Jsonb(details), exporter.user_id is None)).fetchone()
                assert row is not None
                self.event_id = int(row[0])
            reader.execute("set local statement_timeout = '1h'")
            copies = self._copies(statements(file, filled, parameters, archives))
            self._stack.callback(copies.close)
            self._copy_all = chain([next(copies)], copies)
        except BaseException:
            self.outcome = "the database gave up"
            if self.event_id:
                self.close()
            else:
                self._stack.close()
            raise
        self._chunks = self._read()
        self._stack.callback(self._chunks.close)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self.close()
            raise
        except (psycopg.Error, ArchiveError) as error:
            self.outcome = "the database gave up" if isinstance(error, psycopg.Error) else "an archive cannot be read"
            self.close()
            raise

    @property
    def done(self) -> int:
        """How many rows have left; of a workbook, how many it holds so far."""
        return max(self._gathered, self.sent.rows)

    def close(self) -> None:
        """End the export and record how it ended; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        complete = self.outcome == "complete"
        details: dict[str, object] = {"format": self._file.kind, "outcome": self.outcome, **self.sent.as_details()}
        details["last_event"] = None if complete else self.last_event
        details["cut_cells"] = self._cuts.count or None
        if self._file.continues and self._file.so_far:
            details["file"] = self._file.so_far.as_details()
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
        query = (
            "select p, pg_try_advisory_xact_lock(audit.export_lock(p)) from coalesce(%s, 'login ' || session_user) p"
        )
        row = reader.execute(query, (self._exporter.user_id,)).fetchone()
        assert row is not None
        if row[1]:
            return
        query = "select max(started_at) from audit.exports where person = %s and ended_event is null"
        row = reader.execute(query, (row[0],)).fetchone()
        since: datetime | None = row[0] if row else None
        began = f"since {since:%H:%M} UTC " if since else ""
        raise ExportRefused(
            409,
            "One export at a time",
            f"An export of yours has been running {began}and has not ended. Wait until it has, or cancel that "
            "download in your browser, then try again. If you did not start it, tell your administrator.",
        )

    def _narrowed(
        self, reader: Connection, filters: Filters, scope: Scope, archives: Archives | None
    ) -> tuple[Filled, dict[str, Any]]:
        """The rows of this file: all that the filters show, or those after where another part ended."""
        filled, parameters = narrowed(reader, filters, scope)
        after = self._file.after
        if after is None:
            return filled, parameters
        query = sql.SQL(
            "select r.occurred_at::text from audit.report e cross join lateral ("
            " select * from {found} r"
            " where r.occurred_at = e.occurred_at and r.event_id = e.event_id and {conditions}) r"
            " where e.event_id = %(after)s"
        )
        row = reader.execute(query.format(**filled), parameters | {"after": after}).fetchone()
        place = (row[0], after) if row else archives.place_of(reader, after) if archives else None
        if place is None:
            raise ExportRefused(
                400,
                "There is nothing to go on from",
                f"Event {after} is not among what the filters show. Take the number at the beginning of "
                "the last whole line of your file.",
            )
        return beyond(filled, parameters, "<", place), parameters

    def _require_searchable(self, patience: float) -> None:
        """After much was written at once, events leave only when all of them are found: pages leave the newest out."""
        with self._pool.connection() as connection:
            if not is_behind(connection) or searching.catch_up(connection, patience):
                return
        raise ExportRefused(
            503,
            "Not all events are ready yet",
            "So much was written at once that the newest events are still being made ready. Export again in a minute: "
            "a file holds all of them, or is not begun.",
        )

    def _require_room(self, limit: int) -> None:
        if self.count > limit:
            raise ExportRefused(
                413,
                "That is too much for one file",
                f"These filters show more than {limit:,} events, and an export holds no more than that. "
                "Narrow the report, for example to fewer days, and export it in parts.",
            )
        if self._file.kind == "xlsx" and self.count > workbook.MOST_ROWS:
            raise ExportRefused(
                413,
                "That is too much for one sheet",
                f"These filters show more than {workbook.MOST_ROWS:,} events, and a sheet holds no more than that. "
                "Choose CSV or NDJSON, or narrow the report, for example to fewer days.",
            )

    def _copies(self, statements: Iterable[Statement]) -> Generator[Copy]:
        for query, parameters in statements:
            with self._reader.cursor().copy(query, parameters) as copy:
                yield copy

    def _read(self) -> Generator[bytes]:
        for chunk, rows, last_event in self._parts():
            for bytes_ in (self.sent, self._file.so_far):
                if bytes_:
                    bytes_.add(chunk, rows)
            if not self._file.is_whole_or_nothing:
                self.last_event = last_event or self.last_event
            yield chunk
            self._note()
        self.outcome = "complete"

    def _note(self) -> None:
        """Tell now and then what has left: a server that is killed cannot."""
        if time.monotonic() < self._noted + BETWEEN_NOTES:
            return
        so_far = {"format": self._file.kind, **self.sent.as_details(), "last_event": self.last_event, "at_least": True}
        if self._gathered:
            so_far["gathered"] = self._gathered
        # What cannot be noted now is noted later; for that alone no download breaks off.
        with suppress(psycopg.OperationalError, PoolTimeout), self._pool.connection(timeout=1) as writer:
            writer.execute("select audit.note_export(%s, %s)", (self.event_id, Jsonb(so_far)))
        self._noted = time.monotonic()

    def _parts(self) -> Generator[Part]:
        if self._file.kind == "xlsx":
            yield from self._workbook(self._copy_all)
            return
        yield from lines(self._copy_all, self._file, self._proofs.see if self._proofs else None)
        if self._proofs:
            with self._pool.connection() as connection:
                yield self._proofs.last_line(connection), 0, None

    def _workbook(self, copies: Iterable[Copy]) -> Generator[Part]:
        """A workbook is of use only as a whole: its rows count with its last byte."""
        rows = chain.from_iterable(copy.rows() for copy in copies)
        with tempfile.TemporaryFile() as made:
            with closing(workbook.write(made, rows, self._file.columns, self._about, self._cuts)) as making:
                for self._gathered in making:
                    yield b"", 0, None  # whoever waits for it learns that it goes on
            made.seek(0)
            chunk = made.read(CHUNK)
            while following := made.read(CHUNK):
                yield chunk, 0, None
                chunk = following
            yield chunk, self.count, None

    def _about(self, rows: int) -> list[tuple[str, str]]:
        with self._pool.connection() as connection:
            found = manifest.one(connection, self.event_id)
            assert found is not None
            return manifest.as_pairs(manifest.manifest(connection, found) | {"rows": rows})

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
