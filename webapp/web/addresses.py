"""Addresses of the report: refused when they say what we do not understand, and what links carry along."""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, g, request, url_for

from .. import db, saved_views
from ..errors import FilterError
from ..filter_fields import FIELDS, nearest, read_value
from ..filters import PARAMETERS, ZONES, Filters, Term
from ..permissions import scope
from . import pseudonyms, times
from .rendering import default_zone
from .signed_in import user_id

#: Places in the list, what its reader knows of already, and whether what happened together is one entry. A record is
#: shown as it stood `at` an event.
PLACE = ("before", "after", "at", "since", "group", times.PARAMETER)
APART = "off"
#: How a reader has chosen to see the list, which every link to such a page keeps.
LOOKS = {
    "group": (APART, {"report.audit_log", "finding.find"}),
    times.PARAMETER: (
        times.EXACT,
        {
            *("report.audit_log", "report.event", "report.record", "report.actor", "finding.find", "saved.first"),
            *("saved.show", "printing.printed", "exports.listed", "exports.followed", "health.health"),
            "proofs.checkpoints",
        },
    ),
}


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(carried=carried, narrowed=narrowed)  # pyright: ignore[reportArgumentType]
    app.url_defaults(_keep_looks)


def filters() -> Filters:
    """The filters of this address. A misspelt one is refused: ignored, it would show everything."""
    if "filters" not in g:
        for name, values in request.args.lists():
            if name in ("q", "words", "-words"):
                raise FilterError("q", "Words are never in an address: type them into the line above the list.")
            if name not in (*PARAMETERS, *PLACE):
                names = [known for known in (*PARAMETERS, "at") if known[0] != "-"]
                raise FilterError("", f"There is no filter “{name[:60]}”{nearest(name[:60], names)}")
            if name in PLACE and len(values) > 1:
                raise FilterError("", f"The filter “{name}” is given {len(values)} times: give it once.")
            if name in LOOKS and values[0] not in ("", known := LOOKS[name][0]):
                raise FilterError("", f"“{values[0][:60]}” is no way to show it: leave it out or write {name}={known}.")
        g.filters = Filters.from_query({name: _told(name) for name in request.args}, default_zone(), kept_terms)
    return g.filters


def _told(name: str) -> list[str]:
    told = [pseudonyms.told(text) for text in request.args.getlist(name)]
    if None in told:
        raise FilterError(name, "This link was made with another secret key: choose the value again.")
    return [text for text in told if text is not None]


def kept_terms(view_id: str) -> tuple[Term, ...]:
    """What a search stands for that is not in the address; a page of its own when it has expired."""
    with db.connection() as connection:
        view = saved_views.find(connection, view_id, scope())
    if view is None or view.name:
        abort(410)
    return view.filters("UTC").terms


def settled(wanted: Filters) -> Filters:
    """The same filters with their private terms kept: what an address can be made of."""
    with db.connection() as connection:
        return saved_views.keep(connection, user_id(), wanted)


def report(wanted: Filters, **more: Any) -> str:
    """The address of the list with these filters, which are settled."""
    return url_for("report.audit_log", **wanted.to_query(), **more)


def shown_together() -> bool:
    """Whether what happened at once is one entry of the list."""
    return request.args.get("group") != APART


def _keep_looks(endpoint: str, values: dict[str, Any]) -> None:
    """Who has ungrouped the list finds it ungrouped behind every link to it."""
    for name, (known, endpoints) in LOOKS.items():
        if endpoint in endpoints and request and request.args.get(name) == known:
            values.setdefault(name, known)


def filters_or_400() -> Filters:
    """For pages without a form of filters to mark the mistake in."""
    try:
        return filters()
    except FilterError as error:
        abort(400, str(error))


def zone() -> str:
    """The zone of this address if it is one, else the usual: for pages that show what else is wrong with it."""
    wanted = request.values.get("tz", "")
    return wanted if wanted in ZONES else default_zone()


def carried() -> dict[str, Any]:
    """What the menu takes along: the zone, where the reader chose one."""
    return {"tz": zone()} if "tz" in request.args else {}


def trail(shown: Filters) -> dict[str, Any]:
    """What a link to an event takes along, so that its crumb leads back to the same filters and page."""
    return shown.to_query() | {name: request.args[name] for name in PLACE if request.args.get(name)}


def about(shown: Filters) -> None:
    """What this page is about, beyond its address: values on it narrow the list from there."""
    g.shown = shown


def narrowed(name: str, value: object) -> dict[str, str]:
    """Where the list is narrowed by one more value; nothing where it cannot be."""
    try:
        shown: Filters = g.get("shown") or filters()
        term = Term(name, read_value(name, str(value)))
    except FilterError:
        return {}
    wanted = shown.adding(term)
    if wanted.private and not shown.view:  # words that were typed just now, on a page that says what is wrong with them
        return {}
    label = FIELDS[name].label
    return {"href": report(wanted), "title": f"Only {label[0].lower()}{label[1:]} {term.value}"}
