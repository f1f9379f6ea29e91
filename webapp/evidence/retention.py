"""Months leave the log: written to a file, read back, dropped. Ended at any point, the next run goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from psycopg import errors
from psycopg.rows import dict_row

from ..errors import ArchiveError
from . import archiving
from .places import PREFIX, Place, in_reach
from .proving import evidence_line, newest
from .queries import load
from .tree import Connection

LOCK_TIMEOUT = "1s"
TRIES = 20  # to get the lock: writers go first


@dataclass(frozen=True)
class Month:
    """A month of the log, and what keeps it there."""

    first: date
    events: int
    size: int  # bytes in the log, indexes included
    kept_by: str | None

    @property
    def name(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        since = datetime(self.first.year, self.first.month, 1, tzinfo=UTC)
        return since, (since + timedelta(days=32)).replace(day=1)


def limit(keep: int, now: datetime | None = None) -> date:
    """The first month that stays when `keep` whole months are kept beside the one that runs."""
    today = now or datetime.now(UTC)
    months = today.year * 12 + today.month - 1 - keep
    return date(months // 12, months % 12 + 1, 1)


def closed_months(connection: Connection, before: date) -> list[Month]:
    """Months older than that which have events, the newest first: a row that moved takes its other half along."""
    found: list[Month] = []
    partitions = connection.execute(
        "select to_date(right(relid::regclass::text, 7), 'YYYY_MM') from pg_partition_tree('audit.log') "
        r"where isleaf and relid::regclass::text ~ 'log_\d{4}_\d{2}$' order by 1 desc"
    ).fetchall()
    for (first,) in partitions:
        if first >= before:
            continue
        month = Month(first, 0, 0, None)
        events, size, kept = _one(
            connection,
            "select (select count(*) from audit.log where occurred_at >= %s and occurred_at < %s), "
            "pg_total_relation_size(%s), audit.kept_by(%s)",
            *month.bounds,
            f"audit.log_{first:%Y_%m}",
            first,
        )
        if events:
            found.append(Month(first, events, size, kept))
    return found


def unsealed(connection: Connection, month: Month) -> int:
    """How many of its events have no seal yet: it stays until they have."""
    query = (
        "select count(*) from audit.log l where l.occurred_at >= %s and l.occurred_at < %s "
        "and not exists (select from audit.leaves f where f.event_id = l.event_id)"
    )
    return _one(connection, query, *month.bounds)[0]


def file_of(month: Month, connection: Connection) -> str:
    """What its archive is called. Events that were imported into a month that had left make another file."""
    (before,) = _one(connection, "select count(*) from audit.archives where month = %s", month.first)
    return f"{PREFIX}{month.first:%Y_%m}" + (f"_{before + 1}" if before else "") + ".parquet"


def retire(connection: Connection, month: Month, place: Place) -> Path:
    """One month, from the log to a file of the place. Raises ArchiveError; the month is then still there."""
    file = file_of(month, connection)
    # What was erased since a file was begun is still in it: then it is written anew.
    (erasures,) = _one(connection, "select count(*) from audit.erasures where approved_by is not null")
    kept = place.fetch(file)
    if not (kept and archiving.erasures_of(kept) == erasures and _is_whole(connection, month, kept)):
        draft = place.draft(file)
        _write(connection, month, draft, erasures)
        place.put(file, draft)
        kept = in_reach(place, file)
        if not _is_whole(connection, month, kept):
            raise ArchiveError(
                f"{month.name} has events without a seal, or got new ones: run auditlog seal, then again"
            )
    connection.rollback()
    values = (month.first, place.address(file), archiving.digest(kept), month.events, erasures)
    for attempt in range(TRIES):
        try:
            connection.execute("select set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
            connection.execute("select audit.retire_month(%s, %s, %s, %s, %s)", values)
            connection.commit()
            return kept
        except errors.LockNotAvailable:
            connection.rollback()
            if attempt == TRIES - 1:
                raise ArchiveError(f"{month.name} is in its file, but still in use: run it again later") from None
            time.sleep(0.1 * attempt)
    return kept


def _write(connection: Connection, month: Month, file: Path, erasures: int) -> None:
    note, checkpoint = newest(connection)
    since, until = month.bounds
    places = [row[0] for row in connection.execute(
        "select f.leaf_index from audit.leaves f join audit.log l using (event_id) "
        "where l.occurred_at >= %s and l.occurred_at < %s order by 1", (since, until))]  # fmt: skip
    if places and places[-1] >= checkpoint.size:
        raise ArchiveError(f"{month.name} has events that no checkpoint covers yet: run auditlog seal, then again")
    evidence = evidence_line(connection, note, places)
    archiving.write(file, _rows(connection, since, until), evidence, erasures)


def _rows(connection: Connection, since: datetime, until: datetime) -> Iterator[list[dict[str, Any]]]:
    with connection.cursor("archive", row_factory=dict_row) as rows:
        rows.execute(load("archive_rows"), {"since": since, "until": until})
        while group := rows.fetchmany(archiving.ROWS):
            yield group


def _is_whole(connection: Connection, month: Month, file: Path) -> bool:
    """Whether the file has every event of the month, each as it was sealed."""

    def sealed(low: int, high: int) -> dict[int, bytes]:
        return dict(
            connection.execute(
                "select leaf_index, leaf_hash from audit.leaves where leaf_index between %s and %s", (low, high)
            ).fetchall()
        )

    return archiving.require_whole(file, sealed) == month.events


def _one(connection: Connection, query: str, *values: object) -> tuple[Any, ...]:
    row = connection.execute(query.encode(), values).fetchone()
    assert row
    return row
