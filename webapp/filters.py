"""What the report is narrowed to: the one builder behind page, count and export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString
from zoneinfo import ZoneInfo, available_timezones

from psycopg import sql

from .errors import FilterError
from .scopes import CATEGORIES, Scope

ACTIONS = {
    "insert": "Created or added",
    "update": "Changed",
    "delete": "Deleted or removed",
    "truncate": "Table emptied",
    "baseline": "Recorded as found",
    "export": "Exported",
    "view": "Viewed",
    "sign_in": "Signed in",
    "sign_in_failed": "Sign-in failed",
    "sign_out": "Signed out",
    "denied": "Access denied",
    "configure": "Audit settings changed",
    "erase": "Personal data erased",
    "retain": "Old months archived",
}
LONGEST_VALUE = 2000  # a record's key may be long
#: Names that mean nothing to a reader elsewhere: "nobody chose yet", and whatever this machine is set to.
NO_ZONES = {"Factory", "localtime", "posixrules"}
ZONES = frozenset(available_timezones() - NO_ZONES)  # it reads every file of the zone database
#: The names in an address.
PARAMETERS = ("from", "to", "category", "action", "actor", "login", "entity", "record", "tz")

# One condition per filter; the value arrives as a parameter, never as text.
CONDITIONS: dict[str, LiteralString] = {
    "start": "r.occurred_at >= %(start)s",
    "end": "r.occurred_at < %(end)s",
    "category": "r.category = %(category)s",
    "action": "r.action = %(action)s",
    "actor": "r.actor_id = %(actor)s",
    "login": "r.db_user = %(login)s",
    "entity": "r.entity = %(entity)s",
    "record": "r.record_id = %(record)s",
}


@dataclass(frozen=True)
class Filters:
    """A narrowed report. Dates are days in `zone`, both included."""

    start: date | None = None
    end: date | None = None
    category: str = ""
    action: str = ""
    actor: str = ""
    login: str = ""
    entity: str = ""
    record: str = ""
    zone: str = "UTC"

    @classmethod
    def from_query(cls, query: Mapping[str, str], default_zone: str = "UTC") -> Filters:
        """Read them from an address; raises FilterError that names the field and the cure."""

        def text(name: str) -> str:
            value = query.get(name, "").strip()
            if len(value) > LONGEST_VALUE:
                raise FilterError(name, f"This is too long: at most {LONGEST_VALUE} characters.")
            if "\x00" in value:  # PostgreSQL has no text with one
                raise FilterError(name, "This holds a character that no record can hold: type it again.")
            return value

        def choice(name: str, allowed: Mapping[str, str]) -> str:
            value = text(name)
            if value and value not in allowed:
                raise FilterError(name, f"“{value}” is not one of {', '.join(allowed)}.")
            return value

        def day(name: str) -> date | None:
            value = text(name)
            try:
                return date.fromisoformat(value) if value else None
            except ValueError:
                raise FilterError(name, f"“{value}” is not a date: write it as 2026-10-31.") from None

        zone = text("tz") or default_zone
        if zone not in ZONES:
            raise FilterError("tz", f"“{zone}” is not a time zone: write a name such as UTC or Europe/Berlin.")
        found = cls(
            start=day("from"),
            end=day("to"),
            category=choice("category", CATEGORIES),
            action=choice("action", ACTIONS),
            actor=text("actor"),
            login=text("login"),
            entity=text("entity"),
            record=text("record"),
            zone=zone,
        )
        if found.start and found.end and found.start > found.end:
            raise FilterError("to", f"The last day, {found.end}, is before the first, {found.start}.")
        for name in ("start", "end"):
            if (value := getattr(found, name)) and not 1900 <= value.year <= 9000:
                raise FilterError("from" if name == "start" else "to", f"The year {value.year} is out of reach.")
        return found

    def to_query(self) -> dict[str, str]:
        """The address again; what is not set is not in it. The zone always is: a colleague sees the same days."""
        names = {"start": "from", "end": "to", "zone": "tz"}
        query = {names.get(f.name, f.name): str(getattr(self, f.name) or "") for f in fields(self)}
        return {name: value for name, value in query.items() if value}

    def without(self, *names: str) -> dict[str, str]:
        """The address with some filters taken out."""
        return {name: value for name, value in self.to_query().items() if name not in names}

    def presets(self, now: datetime) -> list[tuple[str, dict[str, str]]]:
        """Common stretches of time in this zone, as addresses that keep the other filters."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        first = today.replace(day=1)
        stretches = {
            "Today": (today, today),
            "Yesterday": (today - timedelta(days=1), today - timedelta(days=1)),
            "Last 7 days": (today - timedelta(days=6), today),
            "Last 30 days": (today - timedelta(days=29), today),
            "Last month": ((first - timedelta(days=1)).replace(day=1), first - timedelta(days=1)),
        }
        kept = self.without("from", "to")
        return [(label, {"from": str(a), "to": str(b), **kept}) for label, (a, b) in stretches.items()]

    def is_narrowed(self) -> bool:
        return bool(self.without("tz"))

    def conditions(self, scope: Scope) -> tuple[sql.Composed, dict[str, Any]]:
        """The WHERE clause over audit.report r, and its parameters: what is asked for and what the reader may see."""
        parameters = {name: value for name in CONDITIONS if (value := self._value(name)) is not None}
        clauses = [*(sql.SQL(CONDITIONS[name]) for name in parameters), scope.condition()]
        return sql.SQL(" and ").join(clauses), parameters

    def _value(self, name: str) -> object | None:
        value = getattr(self, name)
        if not value:
            return None
        if name == "start":
            return self._midnight(value)
        if name == "end":
            return self._midnight(value + timedelta(days=1))
        return value

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, ZoneInfo(self.zone)).astimezone(UTC)
