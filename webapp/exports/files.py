"""What a file of events is made of, and how rows become its bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, LiteralString

from psycopg import Copy, sql

from . import columns, proofs
from .columns import COLUMNS, Column

CHUNK = 64 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # spreadsheets read the file as UTF-8 with it, and guess without
#: CSV for anything, XLSX for spreadsheets, NDJSON for programs.
FORMATS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ndjson": "application/x-ndjson",
}


#: A chunk of bytes, the number of its rows, and its last event where the file can be gone on with from there.
Part = tuple[bytes, int, int | None]


@dataclass
class Bytes:
    """How many rows and bytes there are, and their SHA-256."""

    rows: int = 0
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, chunk: bytes, rows: int) -> None:
        self.digest.update(chunk)
        self.size += len(chunk)
        self.rows += rows

    def as_details(self) -> dict[str, object]:
        """For the record."""
        return {"row_count": self.rows, "bytes": self.size, "sha256": self.digest.hexdigest()}


@dataclass(frozen=True)
class File:
    """The file that is wanted: its form, and where it goes on when another part of it is there already."""

    kind: str = "csv"
    columns: tuple[Column, ...] = COLUMNS
    byte_order_mark: bool = False
    with_proof: bool = False  # NDJSON that auditlog verify can check
    continues: int | None = None  # the export of the part before
    after: int | None = None  # the last event of that part
    so_far: Bytes | None = None  # what the file holds that this goes into; kept up to date

    @property
    def has_header(self) -> bool:
        return self.kind == "csv" and not (self.so_far and self.so_far.size)

    @property
    def prefix(self) -> bytes:
        return BYTE_ORDER_MARK if self.byte_order_mark and self.has_header else b""

    def as_details(self) -> dict[str, object]:
        """For the record; what is as usual is left out."""
        names = [column.name for column in self.columns]
        return {
            "format": self.kind,
            "columns": names if self.columns != COLUMNS else None,
            "with_proof": self.with_proof or None,
            "continues": self.continues,
            "after": self.after,
        }

    @property
    def is_whole_or_nothing(self) -> bool:
        """Half a workbook is of no use, and neither are proofs without their last line."""
        return self.kind == "xlsx" or self.with_proof

    def cells(self) -> sql.Composed:
        """What is selected."""
        forms = {"csv": columns.csv, "ndjson": columns.objects, "xlsx": columns.plain}
        if self.with_proof:
            return columns.objects((*self.columns, proofs.SEAL))
        return forms[self.kind](self.columns)

    def options(self, *, is_first: bool = True) -> sql.SQL:
        """How COPY writes it. CSV with marks that no JSON text holds never quotes: objects leave as they are."""
        forms: dict[str, LiteralString] = {
            "ndjson": r"format csv, quote e'\x01', delimiter e'\x02'",
            "xlsx": "format text",
        }
        return sql.SQL(forms.get(self.kind, "format csv, header" if self.has_header and is_first else "format csv"))


def lines(copies: Iterable[Copy], file: File, see: Callable[[bytes], None] | None = None) -> Iterator[Part]:
    """The bytes of CSV or NDJSON in parts; each line is shown to `see`."""
    buffer = bytearray(file.prefix)
    header = file.has_header
    rows = -1 if header else 0
    is_csv = file.kind == "csv"
    line = memoryview(b"")
    for sent in chain.from_iterable(copies):  # the server sends one line at a time
        line = memoryview(sent)
        if is_csv:  # a line ends as RFC 4180 says; line breaks inside of values stay what they are
            buffer += line[:-1]
            buffer += b"\r\n"
        else:
            buffer += line
        if see:
            see(bytes(line))
        rows += 1
        if len(buffer) >= CHUNK:
            yield bytes(buffer), rows, _event_of(line)
            buffer.clear()
            rows = 0
    if buffer:
        yield bytes(buffer), rows, _event_of(line) if rows else None


def _event_of(line: memoryview) -> int | None:
    found = re.search(rb"\d+", line)  # the first column of every file
    return int(found[0]) if found else None
