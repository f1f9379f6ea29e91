"""Moments in words."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

#: What PostgreSQL makes of a timestamp in JSON. A date alone, or a year of five digits, stays as it is.
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)


def moment(at: datetime, zone: str, *, exactly: bool = False) -> str:
    """24 Nov 2026, 15:39:00 — the zone is said beside it."""
    there = at.astimezone(ZoneInfo(zone))
    return f"{_said(there)}.{there:%f}" if exactly else _said(there)


def days(first: date, last: date) -> str:
    """3 Nov 2026; 2 to 8 Nov 2026; 28 Sep to 4 Oct 2026."""
    if first == last:
        return f"{first.day} {first:%b} {first.year}"
    month = "" if (first.year, first.month) == (last.year, last.month) else f" {first:%b}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day}{month}{year} to {last.day} {last:%b} {last.year}"


def zone_label(at: datetime, zone: str) -> str:
    """UTC, CET, +0530: what that zone was called at that moment."""
    return f"{at.astimezone(ZoneInfo(zone)):%Z}"


def duration(length: timedelta) -> str:
    """40 seconds, 15 minutes, 12 hours: rounded up, because people wait that long."""
    seconds = ceil(length.total_seconds())
    if seconds < 120:
        number, unit = seconds, "second"
    else:
        minutes = ceil(seconds / 60)
        number, unit = (minutes // 60, "hour") if minutes >= 120 and minutes % 60 == 0 else (minutes, "minute")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def ago(at: datetime, now: datetime) -> str:
    """a moment ago, 5 minutes ago, 3 days ago."""
    return f"{roughly(now - at) or 'a moment'} ago"


def roughly(length: timedelta) -> str:
    """5 minutes, 3 days: rounded down, and empty below a minute."""
    for unit, whole in (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        if length >= whole:
            number = length // whole
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return ""


def exact(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def told(text: str, zone: str) -> str | None:
    """A text that is nothing but a timestamp, as a moment in `zone`; else None."""
    if not TIMESTAMP.fullmatch(text):
        return None
    try:
        at = datetime.fromisoformat(text)
        # Without an offset nobody knows which moment it was: it is not moved, and said to have none.
        return f"{moment(at, zone)} {zone_label(at, zone)}" if at.tzinfo else f"{_said(at)} (no zone)"
    except (ValueError, OverflowError):
        return None


def _said(at: datetime) -> str:
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M:%S}"
