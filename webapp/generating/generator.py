"""Fills the log month by month, where the last run left off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from itertools import islice, product
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql

from ..demo import people
from ..errors import AuditLogError

Connection = psycopg.Connection[tuple[Any, ...]]
CHUNK = 100_000  # events a transaction: what a broken-off run loses at most
PEOPLE = 40
MOST = 100_000_000  # events of one month
#: What the rows are written for.
COLUMNS = {
    "contacts": "id first_name last_name email phone company address notes tags custom_fields owner_id created_at",
    "groups": "id name description created_at",
    "contact_groups": "contact_id group_id added_at",
    "users": "id name email role password_hash active categories created_at",
    "user_permissions": "user_id permission",
}


class GeneratingError(AuditLogError):
    """This database cannot be filled."""


def generate(
    connection: Connection,
    events: int,
    months: int,
    *,
    now: datetime | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Fill up each of the last so many months to its share of the events; return how many were missing.

    A month that has its share is left alone, so a second run goes on where the first one stopped. Raises
    GeneratingError unless the reference tables are tracked as they come.
    """
    _require_reference_tables(connection)
    now = now or datetime.now(UTC)
    generated = 0
    for index, (start, until) in enumerate(_months(months, now)):
        share = events * (index + 1) // months - events * index // months
        connection.execute("select audit.add_partition(%s)", (start,))
        there = _one(
            connection,
            "select count(*) from audit.log where occurred_at >= %s and occurred_at < %s",
            (start, _next_month(start)),
        )
        connection.commit()
        on_progress(min(there, share))
        while there < share:
            size = min(CHUNK, share - there)
            span = until - start
            _insert(
                connection,
                # A month numbers its events by itself, so that what is added later gets new numbers.
                first=((start.year - 2000) * 12 + start.month) * MOST + there,
                events=size,
                contacts=max(100, events // 500),
                start=start + span * (there / share),
                until=start + span * ((there + size) / share),
            )
            connection.commit()
            there += size
            generated += size
            on_progress(size)
    return generated


def _insert(connection: Connection, **stretch: Any) -> None:
    text = resources.files(__package__ or "").joinpath("stretch.sql").read_text(encoding="utf-8")
    names = [f"{first} {last}" for last, first in product(people.LAST, people.FIRST)]
    lists: dict[str, Any] = {
        "first_names": people.FIRST,
        "last_names": people.LAST,
        "companies": people.COMPANIES,
        "cities": [city for city, _ in people.CITIES],
        "notes": people.NOTES,
        "groups": people.GROUPS,
        "people": list(islice(names, 0, PEOPLE * 7, 7)),
    }
    literals = {name: sql.Literal(value) for name, value in (lists | stretch).items()}
    connection.execute("set local role audit_owner")
    connection.execute(sql.SQL(cast(LiteralString, text)).format(**literals))
    connection.execute("reset role")


def _require_reference_tables(connection: Connection) -> None:
    found = dict(
        connection.execute(
            "select t.table_name, array_to_string(s.columns, ' ') from audit.tracked t "
            "cross join lateral audit.shape_now(t, audit.tracked_relation(t.tracked_id)) s "
            "where t.schema_name = 'public'"
        ).fetchall()
    )
    if wrong := sorted(name for name, columns in COLUMNS.items() if found.get(name) != columns):
        raise GeneratingError(
            f"the table {wrong[0]} is not there, or not as it comes: make a database for this, and run "
            "`auditlog migrate --reference-tables` on it"
        )


def _months(count: int, now: datetime) -> list[tuple[datetime, datetime]]:
    """Begin and end of the last months, oldest first; this month ends now."""
    start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = [(start, now)]
    for _ in range(count - 1):
        until, start = start, _month_before(start)
        found.append((start, until))
    return found[::-1]


def _month_before(start: datetime) -> datetime:
    return start.replace(year=start.year - (start.month == 1), month=(start.month - 2) % 12 + 1)


def _next_month(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def _one(connection: Connection, query: LiteralString, values: tuple[object, ...]) -> Any:
    row = connection.execute(query, values).fetchone()
    assert row
    return row[0]
