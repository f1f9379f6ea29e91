"""The columns of every file that leaves, in their one order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from ..errors import ExportRefused


@dataclass(frozen=True)
class Column:
    """One column: where its value comes from, and how wide a spreadsheet shows it."""

    name: LiteralString
    width: int
    value: LiteralString = ""  # as JSON takes it; "": the column of audit.report
    flat: LiteralString = ""  # as a cell takes it, where that differs
    typed: bool = False  # people type it, so that a spreadsheet might take it for a formula

    @property
    def json(self) -> sql.SQL:
        return sql.SQL(self.value or f"r.{self.name}")

    @property
    def text(self) -> sql.SQL:
        return sql.SQL(self.flat) if self.flat else self.json


def _moment(name: LiteralString) -> LiteralString:
    return f"""to_char(r.{name} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


COLUMNS = (
    Column("event_id", 10),
    Column("occurred_at", 27, _moment("occurred_at")),
    Column("category", 10),
    Column("action", 10),
    Column("entity", 10, typed=True),
    Column("record_id", 12, typed=True),
    Column("record_label", 24, typed=True),
    Column("changed_fields", 24, flat="array_to_string(r.changed_fields, ', ')", typed=True),
    Column("actor_id", 10, typed=True),
    Column("actor_name", 20, typed=True),
    Column("db_user", 16, typed=True),
    Column("application", 18, typed=True),
    Column("client_addr", 16),
    Column("request_id", 20, typed=True),
    Column("schema_name", 12, typed=True),
    Column("table_name", 16, typed=True),
    Column("xact_id", 12, "r.xact_id::text"),
    Column("before", 40),
    Column("after", 40),
    Column("context", 40),
    Column("imported_at", 27, _moment("imported_at")),
)
#: The last column of files that archives are read for, in rows of archives and in those of the log.
ARCHIVED, NOT_ARCHIVED = Column("archived", 8), Column("archived", 8, "null::text")
#: Every file begins with these: they tell which event a row is, and where another part goes on.
ALWAYS = ("event_id", "occurred_at")
NAMES: tuple[LiteralString, ...] = tuple(column.name for column in COLUMNS)


def chosen(names: Sequence[str]) -> tuple[Column, ...]:
    """The columns of these names, in the one order whatever the order of the choice; without names, all.

    Raises ExportRefused for a name that is none.
    """
    for name in names:
        if name not in NAMES:
            raise ExportRefused(
                400, "No such column", f"There is no column “{name[:60]}”: there are {', '.join(NAMES)}."
            )
    return tuple(column for column in COLUMNS if not names or column.name in (*ALWAYS, *names))


def csv(columns: Sequence[Column]) -> sql.Composed:
    """Cells of CSV: what people type gets a mark where a spreadsheet would take it for a formula."""
    return sql.SQL(", ").join(
        sql.SQL("audit.csv_text({}) as {}" if column.typed else "{} as {}").format(
            column.text, sql.Identifier(column.name)
        )
        for column in columns
    )


def plain(columns: Sequence[Column]) -> sql.Composed:
    """Cells as they are."""
    return sql.SQL(", ").join(column.text for column in columns)


def objects(columns: Sequence[Column]) -> sql.Composed:
    """One JSON object a row."""
    pairs = (sql.SQL("{}, {}").format(sql.Literal(column.name), column.json) for column in columns)
    return sql.SQL("json_build_object({})").format(sql.SQL(", ").join(pairs))
