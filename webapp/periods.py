"""Stretches of days: as dates, as a name such as last-month, and as people write them after `created:`."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from .errors import FilterError

Days = tuple[date | None, date | None]  # both included; None is no end

DAY = timedelta(days=1)
#: Names that move along with the calendar, and what they mean on a day.
PERIODS: dict[str, tuple[str, Callable[[date], tuple[date, date]]]] = {
    "today": ("Today", lambda today: (today, today)),
    "yesterday": ("Yesterday", lambda today: (today - DAY, today - DAY)),
    "last-7-days": ("Last 7 days", lambda today: (today - 6 * DAY, today)),
    "last-30-days": ("Last 30 days", lambda today: (today - 29 * DAY, today)),
    "this-month": ("This month", lambda today: (today.replace(day=1), today)),
    "last-month": ("Last month", lambda today: _month(today.replace(day=1) - DAY)),
    "this-year": ("This year", lambda today: (today.replace(month=1, day=1), today)),
}  # fmt: skip
FIRST_YEAR, LAST_YEAR = 1900, 9000


def read_day(field: str, text: str) -> date:
    """A date of an address; raises FilterError."""
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        day = None
    if day is None:
        raise FilterError(field, f"“{text}” is not a date: write it as 2026-10-31.")
    return _within_reach(field, day)


def check_order(field: str, start: date | None, end: date | None) -> None:
    """Raises FilterError when there is no day between them."""
    if start and end and start > end:
        raise FilterError(field, f"The last day, {end}, is before the first, {start}.")


def read(text: str) -> Days:
    """What follows `created:`: a day, month or year, a range with dots, or one side with < or >."""
    if found := re.fullmatch(r"(>=|<=|>|<)(.*)", text, re.DOTALL):
        first, last = _stretch(found[2])
        match found[1]:
            case ">=":
                return first, None
            case "<=":
                return None, last
            case ">":
                return _within_reach("created", last + DAY), None
            case _:
                return None, _within_reach("created", first - DAY)
    before, dots, after = text.partition("..")
    if not dots:
        return _stretch(text)
    start = _stretch(before)[0] if before not in ("", "*") else None
    end = _stretch(after)[1] if after not in ("", "*") else None
    if start is None and end is None:
        raise FilterError("created", "A range needs a first or a last day: write 2026-10-01..2026-10-31.")
    check_order("created", start, end)
    return start, end


def written(start: date | None, end: date | None) -> str:
    """The same again, to follow `created:`."""
    if start and end:
        return str(start) if start == end else f"{start}..{end}"
    return f">={start}" if start else f"<={end}"


def _month(last: date) -> tuple[date, date]:
    return last.replace(day=1), last


def _stretch(text: str) -> tuple[date, date]:
    """The first and the last day of what is written as 2026, 2026-10 or 2026-10-31."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text, re.ASCII)
    try:
        if not found:
            raise ValueError
        year, month, day = (int(part) if part else 0 for part in found.groups())
        first = date(year, month or 1, day or 1)
        last = first if day else date(year, month or 12, monthrange(year, month or 12)[1])
    except ValueError:
        raise FilterError(
            "created",
            f"“{text}” is not a date: write 2026-10-31, 2026-10, 2026-10-01..2026-10-31, >=2026-10-01, "
            f"or {', '.join(PERIODS)}.",
        ) from None
    return _within_reach("created", first), last


def _within_reach(field: str, day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise FilterError(field, f"The year {day.year} is out of reach.")
    return day
