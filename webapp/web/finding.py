"""What stands above the list: tabs, the line to search in, active filters, the form, and saved views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import request

from .. import db, events, periods, query_language, saved_views
from ..errors import FilterError
from ..filter_fields import FIELDS
from ..filters import Filters, Query, Term
from ..permissions import scope
from ..tabs import tabs
from . import pseudonyms
from .signed_in import user_id

#: A line each, all of which can be tried.
EXAMPLES = {
    "actor:17 action:delete": "what person 17 deleted",
    "-entity:group field:email": "changed e-mail addresses, but not of groups",
    "created:2026-10-01..2026-10-31": "in October; also created:2026-10, created:>=2026-10-01, created:last-month",
    "action:insert action:update": "created or changed: any of the values of one field",
    "no:actor login:postgres": "by a database login, past every application",
    "address:192.0.2.0/24": "from a network",
    '"main street" -draft': "with these words next to each other, and without that one",
}


@dataclass(frozen=True)
class Chip:
    """An active filter and how to leave it out, or an example: by an address, or where none may hold it, by posting."""

    label: str
    text: str
    address: Query | None
    query: str = ""


def head(connection: db.Connection, filters: Filters, error: FilterError | None = None) -> dict[str, Any]:
    """The values that the template of the list needs besides the list."""
    people = events.actors(connection, scope())
    saved = saved_views.of(connection, user_id())
    typed: Mapping[str, str] = _as_typed() if error else first_values(filters)
    return {
        "error": error,
        "filters": filters,
        "zone": filters.zone,
        "typed": typed,
        "query": request.form.get("q", "") if error else query_language.write(filters),
        "unshown": [] if error else unshown(filters),
        "people": people,
        "kinds": events.kinds(connection, scope()),
        "fields": FIELDS,
        "categories": scope().choices,
        "limits": scope().in_words(),
        "periods": {name: label for name, (label, _) in periods.PERIODS.items()},
        "presets": filters.presets(datetime.now(UTC)),
        "tabs": tabs(filters, scope()),
        "chips": chips(filters, dict(people)),
        "saved": [(view, _shows(view, filters)) for view in saved],
        "default_views": [(view, _shows(view, filters)) for view in saved_views.defaults(scope())],
        "examples": [_example(query, meaning, filters.zone) for query, meaning in EXAMPLES.items()],
    }


def _as_typed() -> dict[str, str]:
    return {name: pseudonyms.told(text) or text for name, text in request.values.items()}


def first_values(filters: Filters) -> dict[str, str]:
    """What the form shows of the filters: one value of each field."""
    shown = {"from": str(filters.start or ""), "to": str(filters.end or ""), "period": filters.period}
    shown["tz"] = filters.zone
    for term in filters.terms:
        if not term.negated:
            shown.setdefault(term.field, term.value)
    return shown


def unshown(filters: Filters) -> list[Term]:
    """What the form has no room for and sends along: further values, and whatever must not be."""
    shown = first_values(filters)
    return [term for term in filters.terms if term.negated or shown[term.field] != term.value]


def chips(filters: Filters, people: Mapping[str, str]) -> list[Chip]:
    """The active filters, each with a way to leave it out."""
    found: list[Chip] = []
    if filters.has_dates():
        text = periods.PERIODS[filters.period][0] if filters.period else _days(filters)
        found.append(Chip("When", text, filters.without("from", "to", "period")))
    for term in filters.terms:
        known = FIELDS[term.field]
        text = (known.choices or {}).get(term.value, term.value)
        if term.field == "actor" and term.value in people:
            text = f"{people[term.value]} ({term.value})"
        text = f"not {text}" if term.negated else text
        rest = filters.leaving_out(term)
        if term.private and rest.private:
            found.append(Chip(known.label, text, None, query_language.write(rest)))
        else:
            found.append(Chip(known.label, text, rest.to_query()))
    return found


def _example(query: str, meaning: str, zone: str) -> Chip:
    wanted = query_language.parse(query, zone)
    return Chip(query, meaning, None if wanted.private else wanted.to_query(), query)


def _days(filters: Filters) -> str:
    if filters.start and filters.end:
        return str(filters.start) if filters.start == filters.end else f"{filters.start} to {filters.end}"
    return f"from {filters.start}" if filters.start else f"up to {filters.end}"


def _shows(view: saved_views.View, filters: Filters) -> bool:
    try:
        return view.filters(filters.zone) == filters
    except FilterError:
        return False
