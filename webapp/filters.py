"""What the report is narrowed to: the one builder behind page, count and export."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from psycopg import sql

from . import periods
from .errors import FilterError
from .filter_fields import ACTIONS, FIELDS, LONGEST_VALUE, is_personal, read_value
from .scopes import Scope

__all__ = ["ACTIONS", "LONGEST_VALUE", "PARAMETERS", "ZONES", "Filters", "Term"]

MOST_TERMS = 40
#: Names that mean nothing to a reader elsewhere: "nobody chose yet", and whatever this machine is set to.
NO_ZONES = {"Factory", "localtime", "posixrules"}
ZONES = frozenset(available_timezones() - NO_ZONES)  # it reads every file of the zone database
ONCE = ("from", "to", "period", "view", "tz")
IN_ADDRESSES = [name for name, known in FIELDS.items() if not known.private]
#: The names in an address. Those of fields may come several times, and with a minus: anything but that.
PARAMETERS = ("from", "to", "period", *IN_ADDRESSES, *(f"-{name}" for name in IN_ADDRESSES), "view", "tz")
EQUALITY = re.compile(r"r\.(\w+) = \{\}")
ORDER = {name: place for place, name in enumerate(FIELDS)}

Query = dict[str, str | list[str]]


@dataclass(frozen=True)
class Term:
    """One condition: a field has, or has not, this value."""

    field: str
    value: str
    negated: bool = False

    @property
    def private(self) -> bool:
        """Whether it must not be in an address, whatever its value."""
        return FIELDS[self.field].private

    @property
    def parameter(self) -> str:
        """Its name in an address."""
        return f"-{self.field}" if self.negated else self.field


@dataclass(frozen=True)
class Filters:
    """A narrowed report: any of a field's values, none of the negated ones, all of the words.

    Dates are days in `zone`, both included; `period` names days that move along with the calendar. `view` is where the
    terms are kept that must not be in an address.
    """

    terms: tuple[Term, ...] = ()
    start: date | None = None
    end: date | None = None
    period: str = ""
    zone: str = "UTC"
    view: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        ordered = sorted(dict.fromkeys(self.terms), key=lambda term: (ORDER[term.field], term.negated))
        object.__setattr__(self, "terms", tuple(ordered))

    @classmethod
    def from_query(
        cls,
        query: Mapping[str, str | Sequence[str]],
        default_zone: str = "UTC",
        kept: Callable[[str], tuple[Term, ...]] | None = None,
    ) -> Filters:
        """Read them from an address; raises FilterError that names the field and the cure.

        `kept` finds the terms behind a view.
        """

        def texts(name: str) -> list[str]:
            given = query.get(name, [])
            stripped = [text.strip() for text in ([given] if isinstance(given, str) else given)]
            return [text for text in stripped if text]

        def once(name: str) -> str:
            found = texts(name)
            if len(found) > 1:
                raise FilterError("", f"The filter “{name}” is given {len(found)} times: give it once.")
            return found[0] if found else ""

        zone = once("tz") or default_zone
        if zone not in ZONES:
            raise FilterError("tz", f"“{zone}” is not a time zone: write a name such as UTC or Europe/Berlin.")
        start, end = (periods.read_day(name, text) if (text := once(name)) else None for name in ("from", "to"))
        periods.check_order("to", start, end)
        period = once("period")
        if period and period not in periods.PERIODS:
            raise FilterError("period", f"“{period}” is not one of {', '.join(periods.PERIODS)}.")
        if period and (start or end):
            raise FilterError("period", "A period and days of its own exclude each other: give one of them.")
        terms = [
            Term(name, read_value(name, text), negated)
            for name in FIELDS
            for negated in (False, True)
            for text in texts(f"-{name}" if negated else name)
        ]
        view = once("view")
        if view and kept:
            terms = [*terms, *kept(view)]
        if len(terms) > MOST_TERMS:
            raise FilterError("", f"These are {len(terms)} filters, and {MOST_TERMS} is the most: leave some out.")
        return cls(tuple(terms), start, end, period, zone, view)

    def to_query(self) -> Query:
        """The address again; what is not set is not in it. The zone always is: a colleague sees the same days.

        Private terms are not in it: `view` is, where they are kept.
        """
        query: Query = {"from": str(self.start or ""), "to": str(self.end or ""), "period": self.period}
        query |= _grouped(term for term in self.terms if not term.private)
        query["view"] = self.view if self.private else ""
        query["tz"] = self.zone
        return {name: value for name, value in query.items() if value}

    def recorded(self) -> Query:
        """What was looked for, for the log itself, with the words: whom somebody looked for is what it is kept for."""
        query = self.to_query()
        query.pop("view", None)
        return query | _grouped(self.terms)

    def without(self, *names: str) -> Query:
        """The address with some filters taken out."""
        return {name: value for name, value in self.to_query().items() if name not in names}

    @property
    def private(self) -> tuple[Term, ...]:
        """The terms that must not be in an address."""
        return tuple(term for term in self.terms if term.private)

    @property
    def personal(self) -> bool:
        """Whether a value says who somebody is: its place in an address is taken by a pseudonym."""
        return any(is_personal(term.field, term.value) for term in self.terms)

    def adding(self, *terms: Term) -> Filters:
        """Narrowed further. Another value for a field takes the place of the one it has."""
        replaced = {(term.field, term.negated) for term in terms if term.field != "words"}
        kept = [term for term in self.terms if (term.field, term.negated) not in replaced]
        return replace(self, terms=(*kept, *terms))

    def leaving_out(self, *terms: Term) -> Filters:
        return replace(self, terms=tuple(term for term in self.terms if term not in terms))

    def value(self, name: str) -> str:
        """The value that a field must have, if it is one; "" otherwise."""
        values = [term.value for term in self.terms if term.field == name and not term.negated]
        return values[0] if len(values) == 1 else ""

    def presets(self, now: datetime) -> list[tuple[str, Query]]:
        """Common stretches of time in this zone, as addresses with dates: whoever gets the link sees the same days."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        kept = self.without("from", "to", "period")
        found: list[tuple[str, Query]] = []
        for label, days in periods.PERIODS.values():
            first, last = days(today)
            found.append((label, {"from": str(first), "to": str(last), **kept}))
        return found

    def days(self, now: datetime) -> periods.Days:
        """The first and the last day; None where there is no end."""
        if self.period:
            return periods.PERIODS[self.period][1](now.astimezone(ZoneInfo(self.zone)).date())
        return self.start, self.end

    def dated(self, at: datetime) -> Filters:
        """The same with the days that it meant at that time, which no longer move along with the calendar."""
        start, end = self.days(at)
        return replace(self, period="", start=start, end=end)

    def has_dates(self) -> bool:
        return bool(self.start or self.end or self.period)

    def is_narrowed(self) -> bool:
        return bool(self.terms) or self.has_dates()

    def conditions(self, scope: Scope) -> tuple[sql.Composed, dict[str, Any]]:
        """The WHERE clause over rows r of audit.search, with parameters: what is asked for and the reader may see."""
        clauses: list[sql.Composable] = []
        parameters: dict[str, Any] = {}
        first, last = self.days(datetime.now(UTC))
        if first:
            clauses.append(sql.SQL("r.occurred_at >= %(start)s"))
            parameters["start"] = self.midnight(first)
        if last:
            clauses.append(sql.SQL("r.occurred_at < %(end)s"))
            parameters["end"] = self.midnight(last + timedelta(days=1))
        alike: dict[tuple[str, bool], list[sql.Composable]] = {}
        for number, term in enumerate(self.terms):
            name = f"{term.field}_{number}"
            parameters[name] = term.value
            if "%(zone)s" in FIELDS[term.field].condition:
                parameters["zone"] = self.zone
            condition = sql.SQL(FIELDS[term.field].condition).format(sql.Placeholder(name))
            alike.setdefault((term.field, term.negated), []).append(condition)
        for (name, negated), conditions in alike.items():
            # All of the words; any of the other values, which a field has one of.
            both = sql.SQL(" and " if name == "words" and not negated else " or ").join(conditions)
            if negated:
                clauses.append(sql.SQL("({}) is not true").format(both))
            else:
                clauses.append(both if len(conditions) == 1 else sql.SQL("({})").format(both))
        return sql.SQL(" and ").join([*clauses, scope.condition()]), parameters

    def are_about_records(self) -> bool:
        """Whether the number of a record, or of several, is asked for."""
        return any(term.parameter == "record" for term in self.terms)

    def equalities(self) -> dict[tuple[str, bool], list[str]]:
        """What is asked of single columns, for another engine: values by column, and whether they are left out."""
        found: dict[tuple[str, bool], list[str]] = {}
        for term in self.terms:
            plain = EQUALITY.fullmatch(FIELDS[term.field].condition)
            if plain:
                found.setdefault((plain[1], term.negated), []).append(term.value)
        return found

    def words(self) -> list[str]:
        """Letters and digits that each text with the asked words has, in small letters; not all that is asked."""
        asked = " ".join(term.value for term in self.terms if term.field == "words" and not term.negated)
        return re.findall(r"(?<![^\W_])[a-z0-9]{2,}(?![^\W_])", asked.lower())

    def midnight(self, day: date) -> datetime:
        """When a day begins in this zone."""
        return datetime.combine(day, time.min, ZoneInfo(self.zone)).astimezone(UTC)


def _grouped(terms: Any) -> Query:
    found: dict[str, list[str]] = {}
    for term in terms:
        found.setdefault(term.parameter, []).append(term.value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
