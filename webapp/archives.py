"""Months that left the log, as far as their files are in reach: the report and exports go on in them.

DuckDB finds rows in the Parquet files. PostgreSQL then takes these rows in place of a table: the conditions and the
columns of the report are the same SQL, for archived events as for those in the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from psycopg import sql

from .db import Connection
from .errors import ArchiveError
from .evidence.archiving import COLUMNS, SEAL
from .evidence.folding import unfold
from .evidence.places import Place, in_reach
from .evidence.proving_archived import archive_of
from .filters import Filters
from .queries import load
from .scopes import Scope

#: Rows that are looked at in one go: a page needs few of them, an export many.
FEW, MANY = 200, 5_000
#: Where words are looked for.
TEXTS = "lower(concat_ws(' ', old_row, new_row, before, details, context, record_label, actor_name))"
NAMES = [*COLUMNS, *(name for name in SEAL if name in ("header", "details", "old_row", "new_row"))]
Cursor = tuple[datetime, int]  # occurred_at and event_id


@dataclass(frozen=True)
class Archived:
    """A month that left, and the files that it is in."""

    month: date
    files: tuple[str, ...]  # their names

    @property
    def since(self) -> datetime:
        return datetime(self.month.year, self.month.month, 1, tzinfo=UTC)

    @property
    def until(self) -> datetime:
        return (self.since + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True)
class Batch:
    """Some archived events, next to each other in the report's order; `last` is the place of the last one."""

    text: str  # JSON
    last: Cursor
    size: int


def months(connection: Connection, since: datetime | None = None, until: datetime | None = None) -> list[Archived]:
    """Months of this time that left the log, the newest first."""
    found: dict[date, tuple[str, ...]] = {}
    for month, file in connection.execute("select month, file from audit.archives order by month desc, archive_id"):
        found[month] = (*found.get(month, ()), Path(file).name)
    listed = (Archived(month, files) for month, files in found.items())
    return [one for one in listed if (not since or one.until > since) and (not until or one.since < until)]


class Archives:
    """The files of one place, read for one set of filters and one reader's scope."""

    def __init__(self, connection: Connection, place: Place, filters: Filters, scope: Scope) -> None:
        """Raises ArchiveError when a file of the time in question is not there, or DuckDB is not."""
        self.conditions, self.parameters = filters.conditions(scope)
        since, until = self.parameters.get("start"), self.parameters.get("end")
        self.months = months(connection, since, until)
        self._place = place
        self._paths: dict[Archived, list[str]] = {}
        place.require(file for month in self.months for file in month.files)
        self._simple, self._values = _simple(filters, scope)
        for column, comparison, value in (("occurred_at", ">=", since), ("occurred_at", "<", until)):
            if value:
                self._simple.append(f"{column} {comparison} ?")
                self._values.append(value)
        self._duck = _duckdb() if self.months else None

    @property
    def until(self) -> datetime | None:
        """From then on there is nothing in them. None: there is nothing at all."""
        return self.months[0].until if self.months else None

    def batches(self, place: Cursor | None = None, *, oldest_first: bool = False, size: int = MANY) -> Iterator[Batch]:
        """What may match beyond a place in the report, in the order that is asked for."""
        order, beyond = ("asc", ">") if oldest_first else ("desc", "<")
        for month in reversed(self.months) if oldest_first else self.months:
            if place and (month.until <= place[0] if oldest_first else month.since > place[0]):
                continue
            while rows := self._read(month, beyond, order, place, size):
                place = rows[-1]["occurred_at"], rows[-1]["event_id"]
                yield Batch(_as_json(rows), place, len(rows))
                if len(rows) < size:
                    break
                size = min(size * 5, MANY)

    def find(self, connection: Connection, event_id: int) -> Batch | None:
        """One event, whatever its month."""
        left = archive_of(connection, event_id)
        for month in self.months:
            rows = self._fetch(month, ["event_id = ?"], [event_id], "") if left and month.month == left[0] else []
            if rows:
                return Batch(_as_json(rows), (rows[0]["occurred_at"], event_id), 1)
        return None

    def place_of(self, connection: Connection, event_id: int) -> Cursor | None:
        """Where an event that matches is in the report."""
        batch = self.find(connection, event_id)
        query = sql.SQL("select from {} r where {}").format(relation(), self.conditions)
        if batch and connection.execute(query, self.parameters | {"archived": batch.text}).fetchone() is not None:
            return batch.last
        return None

    def count(self, connection: Connection, limit: int, place: Cursor | None = None) -> int:
        """How many match beyond a place, at most so many."""
        found, query = 0, sql.SQL("select count(*) from {} r where {}").format(relation(), self.conditions)
        for batch in self.batches(place):
            row = connection.execute(query, self.parameters | {"archived": batch.text}).fetchone()
            found += row[0] if row else 0
            if found >= limit:
                return limit
        return found

    def _read(self, month: Archived, beyond: str, order: str, place: Cursor | None, size: int) -> list[dict[str, Any]]:
        conditions, values = list(self._simple), list(self._values)
        if place:
            conditions.append(f"(occurred_at {beyond} ? or occurred_at = ? and event_id {beyond} ?)")
            values += [place[0], place[0], place[1]]
        tail = f"order by occurred_at {order}, event_id {order} limit {size}"
        return self._fetch(month, conditions, values, tail)

    def _fetch(self, month: Archived, conditions: list[str], values: list[Any], tail: str) -> list[dict[str, Any]]:
        where = " and ".join(["action is not null", *conditions])
        if month not in self._paths:  # once: else a store is asked for each part of an export
            self._paths[month] = [str(in_reach(self._place, file)) for file in month.files]
        assert self._duck is not None
        try:
            # Nothing of a reader is in the text: names are of our own columns, values are parameters.
            found = self._duck.sql(
                f"select {', '.join(NAMES)} from read_parquet(?) where {where} {tail}",  # noqa: S608
                params=[self._paths[month], *values],
            )
            return found.to_arrow_table().to_pylist()
        except self._duck_error as error:
            raise ArchiveError(f"an archive cannot be read ({error})") from None

    @property
    def _duck_error(self) -> type[Exception]:
        import duckdb

        return duckdb.Error


def relation() -> sql.Composed:
    """What stands after FROM for a batch, the parameter `archived`: columns of audit.report and those of filters."""
    return sql.Composed([load("archived")])


def _simple(filters: Filters, scope: Scope) -> tuple[list[str], list[Any]]:
    """What DuckDB can tell: equality, which is the same SQL, and whether a text holds the letters of a word.

    It only narrows: PostgreSQL has the last word.
    """
    conditions: list[str] = []
    values: list[Any] = []
    for (column, negated), alike in filters.equalities().items():
        either = " or ".join(f"{column} = ?" for _ in alike)
        conditions.append(f"({either}) is not true" if negated else f"({either})")
        values += alike
    for word in filters.words():
        conditions.append(f"contains({TEXTS}, ?)")
        values.append(word)
    if scope.listed is not None:
        conditions.append("list_contains(?, category)")
        values.append(scope.listed)
    return conditions, values


def _duckdb() -> Any:
    return _shared_duckdb().cursor()


@cache
def _shared_duckdb() -> Any:
    """One for all threads of this process, and its memory: to open it takes longer than many a search in it."""
    try:
        import duckdb
    except ImportError:
        raise ArchiveError("reading archives needs DuckDB: pip install duckdb") from None
    # Files alone, and nothing from the network.
    settings = {"memory_limit": "512MB", "threads": "2", "autoinstall_known_extensions": "false"}
    return duckdb.connect(config={**settings, "autoload_known_extensions": "false"})


def _as_json(rows: Iterable[dict[str, Any]]) -> str:
    return json.dumps([unfold(row) for row in rows], ensure_ascii=False, default=datetime.isoformat)
