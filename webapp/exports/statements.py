"""The statements that one file is read with: one for the log, and one for each batch of archived events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString

from psycopg import sql

from ..archives import Archives, relation
from ..narrowing import Filled
from ..queries import load
from .columns import ARCHIVED, NAMES
from .files import File

Statement = tuple[sql.Composed, dict[str, Any]]
Place = tuple[datetime | str, int]  # occurred_at, maybe as text, and event_id


def beyond(filled: Filled, parameters: dict[str, Any], comparison: LiteralString, place: Place) -> Filled:
    """The same, before or after a place in the report: the parameters `at` and `event_id`."""
    parameters |= {"at": place[0], "event_id": place[1]}
    condition = sql.SQL("{} and (r.occurred_at, r.event_id) {} (%(at)s::timestamptz, %(event_id)s)")
    return filled | {"conditions": condition.format(filled["conditions"], sql.SQL(comparison))}


def place_in(parameters: dict[str, Any]) -> tuple[datetime, int] | None:
    """The place that beyond() put there."""
    if "at" not in parameters:
        return None
    at = parameters["at"]
    return datetime.fromisoformat(at) if isinstance(at, str) else at, parameters["event_id"]


def statements(
    file: File, filled: Filled, parameters: dict[str, Any], archives: Archives | None
) -> Iterator[Statement]:
    """Statements whose rows, one after the other, are the file. Times that archives have events of are read in both."""
    until = archives.until if archives else None
    query = load("export")
    whole = {"columns": file.cells(), "options": file.options()}
    if archives is None or until is None:
        yield query.format(**whole, **filled), parameters
        return
    newer = filled | {"conditions": sql.SQL("{} and r.occurred_at >= %(until)s").format(filled["conditions"])}
    yield query.format(**whole, **newer), parameters | {"until": until}
    marked = replace(file, columns=(*file.columns[:-1], ARCHIVED))
    rest = {"options": file.options(is_first=False), "names": sql.SQL(", ").join(map(_column, NAMES))}
    between = sql.SQL(
        "{} and (r.occurred_at, r.event_id) < (%(high_at)s, %(high_id)s)"
        " and (r.occurred_at, r.event_id) >= (%(low_at)s, %(low_id)s)"
    ).format(filled["conditions"])
    high: tuple[datetime, int] = (until, -1)
    for batch in archives.batches(place_in(parameters)):
        query = load("archived_export").format(
            columns=marked.cells(), archived=relation(), beside=between, **rest, **filled
        )
        bounds = {"high_at": high[0], "high_id": high[1], "low_at": batch.last[0], "low_id": batch.last[1]}
        yield query, parameters | bounds | {"archived": batch.text}
        high = batch.last
    older = sql.SQL("{} and (r.occurred_at, r.event_id) < (%(high_at)s, %(high_id)s)").format(filled["conditions"])
    yield (
        load("export").format(columns=file.cells(), options=rest["options"], **(filled | {"conditions": older})),
        parameters | {"high_at": high[0], "high_id": high[1]},
    )


def _column(name: LiteralString) -> sql.Composable:
    return sql.SQL("r.{}").format(sql.Identifier(name))
