"""What is to be known about a file that left: which events, for whom, when, and its hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

from psycopg import sql
from psycopg.rows import class_row, dict_row

from .. import query_language
from ..db import Connection
from ..filters import Filters
from ..queries import load
from ..scopes import Scope
from ..wording import exact
from .columns import NAMES

PRODUCT = "audit-log-report"
ORDER = "newest first, by occurred_at and event_id"


def product_version() -> str:
    return version(PRODUCT)


@dataclass(frozen=True)
class Exported:
    """An export by its events."""

    event_id: int
    occurred_at: datetime
    actor_id: str | None
    actor_name: str | None
    db_user: str
    client_addr: Any
    context: dict[str, Any]
    begun: dict[str, Any]
    ended_at: datetime | None
    ended: dict[str, Any] | None
    so_far: dict[str, Any] | None  # while it runs, as noted every two seconds

    @property
    def done(self) -> int:
        """Rows that have left while it runs; of a workbook, those that it holds already."""
        so_far = self.so_far or {}
        return so_far.get("gathered") or so_far.get("row_count") or 0

    @property
    def outcome(self) -> str:
        return "running" if self.ended is None else str(self.ended.get("outcome"))

    @property
    def whole(self) -> dict[str, Any]:
        """Rows, bytes and hash of the file as it stands: of all its parts, where they were put into one file."""
        ended = self.ended or {}
        return ended.get("file") or ended

    @property
    def file_name(self) -> str:
        return f"audit-log-{self.event_id}.{self.begun.get('format')}"

    @property
    def filters(self) -> Filters:
        """What it was narrowed to, with days that no longer move along with the calendar."""
        return Filters.from_query(self.begun.get("filter") or {}).dated(self.occurred_at)

    @property
    def query(self) -> str:
        """The same in one line; empty for everything."""
        return query_language.write(self.filters)


def of_person(person: str) -> sql.Composable:
    """A condition: what this person exported."""
    return sql.SQL("x.person = {}").format(person)


def within(scope: Scope) -> sql.Composable:
    """A condition: whatever was exported, as far as the reader may see exports."""
    return scope.condition("b.category")


def find(connection: Connection, condition: sql.Composable, *, limit: int = 100) -> list[Exported]:
    """The newest exports that the reader may see."""
    with connection.cursor(row_factory=class_row(Exported)) as rows:
        return rows.execute(load("exports").format(scope=condition), {"limit": limit}).fetchall()


def one(connection: Connection, event_id: int, condition: sql.Composable | None = None) -> Exported | None:
    """An export by the event of its beginning."""
    wanted = sql.SQL("x.event_id = {} and {}").format(event_id, condition or sql.SQL("true"))
    return next(iter(find(connection, wanted, limit=1)), None)


def manifest(connection: Connection, found: Exported) -> dict[str, Any]:
    """As JSON has it."""
    begun, ended = found.begun, found.ended or {}
    whole, filters = found.whole, found.filters
    return {
        "file": found.file_name,
        "format": begun.get("format"),
        "export": found.event_id,
        "product": f"{PRODUCT} {begun.get('version')}",
        "by": _without_nothing(
            {
                "actor": found.actor_name,
                "actor_id": found.actor_id,
                "login": found.db_user,
                "address": found.context.get("ip") or (str(found.client_addr) if found.client_addr else None),
                "os_user": found.context.get("os_user"),
            }
        ),
        "began": exact(found.occurred_at),
        "ended": exact(found.ended_at) if found.ended_at else None,
        "outcome": found.outcome,
        "filters": found.query or "none: every event",
        # Words, and names of people, are in no address. Only the web knows how to hide them.
        "address": None
        if filters.private or filters.personal
        else f"/reports/audit-log?{urlencode(filters.to_query(), doseq=True)}",
        "zone_of_days": filters.zone,
        "times": "UTC, ISO 8601",
        "limited_to": begun.get("limited_to"),
        "columns": begun.get("columns") or list(NAMES),
        "order": ORDER,
        "continues": begun.get("continues"),
        "after": begun.get("after"),
        "rows": whole.get("row_count"),
        "bytes": whole.get("bytes"),
        "sha256": whole.get("sha256"),
        "cut_cells": ended.get("cut_cells") or 0,
        **_seals(connection, begun.get("checkpoint")),
    }


def as_pairs(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """For people: label and text, without what cannot be in the file itself."""
    pairs: list[tuple[str, str]] = []
    for name, value in manifest.items():
        if name in ("bytes", "sha256", "ended", "outcome", "cut_cells", "file") or value in (None, []):
            continue
        if isinstance(value, dict):
            text = ", ".join(f"{key} {part}" for key, part in value.items())
        elif isinstance(value, list):
            text = ", ".join(
                " ".join(map(str, part.values())) if isinstance(part, dict) else str(part) for part in value
            )
        else:
            text = str(value)
        pairs.append((name.replace("_", " "), text))
    pairs.append(("Bytes and SHA-256", f"are in the event that ends export {manifest['export']}, and in its manifest"))
    return pairs


def last_checkpoint(connection: Connection) -> int | None:
    row = connection.execute("select max(number) from audit.checkpoints").fetchone()
    return row[0] if row else None


def _seals(connection: Connection, number: int | None) -> dict[str, Any]:
    """The signed checkpoint of that moment, and how far the anchors had it when this was asked."""
    if number is None:
        return {"checkpoint": None, "anchors": []}
    row = connection.execute("select note from audit.checkpoints where number = %s", (number,)).fetchone()
    with connection.cursor(row_factory=dict_row) as rows:
        anchors = rows.execute("select target, delivered from audit.anchors order by target").fetchall()
    return {"checkpoint": row[0] if row else None, "anchors": anchors}


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
