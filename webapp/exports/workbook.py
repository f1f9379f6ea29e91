"""XLSX: a file on disk, made row by row in constant memory, which can be handed over when it is whole."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from .columns import Column

MOST_ROWS = 1_048_575  # of a sheet, below its header
LONGEST_CELL = 32_767  # in UTF-16 units, as spreadsheets count
LISTED_CUTS = 1_000
BETWEEN_SIGNS = 1_000  # rows
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
About = list[tuple[str, str]]


@dataclass
class Cuts:
    """Cells that were longer than a cell can be. What is left of them says so."""

    count: int = 0
    listed: list[tuple[str, str, int]] = field(default_factory=list[tuple[str, str, int]])

    def fitting(self, event_id: str, column: str, text: str) -> str:
        """The text, or its beginning and how much there is."""
        if len(text) <= LONGEST_CELL // 2 or units(text) <= LONGEST_CELL:
            return text
        self.count += 1
        if len(self.listed) < LISTED_CUTS:
            self.listed.append((event_id, column, len(text)))
        note = f" … [cut: {len(text):,} characters do not fit into a cell; CSV and NDJSON hold them all]"
        kept = text.encode("utf-16-le")[: (LONGEST_CELL - len(note)) * 2].decode("utf-16-le", "ignore")
        return kept + note


def units(text: str) -> int:
    """Length in UTF-16 units: an emoji counts twice."""
    return len(text.encode("utf-16-le")) // 2


def write(
    target: IO[bytes],
    rows: Iterable[Sequence[str | None]],
    columns: Sequence[Column],
    about: Callable[[int], About],
    cuts: Cuts,
) -> Generator[int]:
    """A sheet of rows and one about them. Tells now and then how many rows there are; whole after the last one."""
    with tempfile.TemporaryDirectory(prefix="auditlog-") as folder:
        # Nothing that is written is taken for a formula, a link or a number.
        book = Workbook(target, {"constant_memory": True, "tmpdir": folder, "use_zip64": True})
        try:
            count = 0
            for count in _events(book, rows, columns, cuts):
                yield count
            _about(book, about(count), cuts)
        finally:
            book.close()


def _events(
    book: Workbook, rows: Iterable[Sequence[str | None]], columns: Sequence[Column], cuts: Cuts
) -> Iterator[int]:
    sheet = book.add_worksheet("Events (times in UTC)")
    sheet.freeze_panes(1, 2)
    bold = book.add_format({"bold": True})
    cell = Cell(sheet, book)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, bold)
    number = 0
    for number, row in enumerate(rows, 1):
        event_id = row[0] or ""
        for place, text in enumerate(row):
            if place == 0:
                sheet.write_number(number, 0, int(event_id))
            elif text:
                cell.write(number, place, cuts.fitting(event_id, columns[place].name, text))
        if number % BETWEEN_SIGNS == 0:
            yield number
    sheet.autofilter(0, 0, number, len(columns) - 1)
    yield number


def _about(book: Workbook, about: About, cuts: Cuts) -> None:
    sheet = book.add_worksheet("About this file")
    bold = book.add_format({"bold": True, "valign": "top"})
    wrapped = book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 100)
    pairs = [*about]
    if cuts.count:
        pairs.append(("Cut cells", f"{cuts.count:,}; the first {LISTED_CUTS:,} at most are listed below"))
        pairs += [(f"event {event}", f"{column}: {length:,} characters") for event, column, length in cuts.listed]
    for number, (label, text) in enumerate(pairs):
        sheet.write_string(number, 0, label, bold)
        sheet.write_string(number, 1, Cuts().fitting("", "", text), wrapped)


class Cell:
    """Texts of a sheet, which stay texts when somebody edits them."""

    def __init__(self, sheet: Worksheet, book: Workbook) -> None:
        self._sheet = sheet
        self._plain: Any = book.add_format()
        self._text: Any = book.add_format({"quote_prefix": True})

    def write(self, row: int, column: int, text: str) -> None:
        """Exactly this text."""
        style = self._text if FORMULA.match(text) else None
        if text.startswith("<r>"):  # which the library takes for its own mark-up, where all of it is one string
            self._sheet.write_rich_string(row, column, text[0], self._plain, text[1:])
        else:
            self._sheet.write_string(row, column, text, style)
