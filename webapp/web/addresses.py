"""Addresses of the report: refused when they say what we do not understand, and what links carry along."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from flask import Flask, abort, request

from ..errors import FilterError
from ..filters import PARAMETERS, ZONES, Filters
from .rendering import default_zone

PLACE = ("before", "after")


def init_app(app: Flask) -> None:
    app.jinja_env.globals["carried"] = carried  # pyright: ignore[reportArgumentType]


def filters() -> Filters:
    """The filters of this address. A misspelt or repeated one is refused: ignored, it would show everything."""
    for name, values in request.args.lists():
        if name not in (*PARAMETERS, *PLACE):
            raise FilterError("", f"There is no filter “{name[:60]}”{_nearest(name)}")
        if len(values) > 1:
            raise FilterError("", f"The filter “{name}” is given {len(values)} times: give it once.")
    return Filters.from_query(request.args, default_zone())


def filters_or_400() -> Filters:
    """For pages without a form of filters to mark the mistake in."""
    try:
        return filters()
    except FilterError as error:
        abort(400, str(error))


def zone() -> str:
    """The zone of this address if it is one, else the usual: for pages that show what else is wrong with it."""
    wanted = request.args.get("tz", "")
    return wanted if wanted in ZONES else default_zone()


def carried() -> dict[str, Any]:
    """What the menu takes along: the zone, where the reader chose one."""
    return {"tz": zone()} if "tz" in request.args else {}


def trail(shown: Filters) -> dict[str, Any]:
    """What a link to an event takes along, so that its crumb leads back to the same filters and page."""
    return shown.to_query() | {name: request.args[name] for name in PLACE if request.args.get(name)}


def _nearest(name: str) -> str:
    close = get_close_matches(name.casefold(), PARAMETERS, n=1, cutoff=0.5)
    return f": did you mean “{close[0]}”?" if close else f": there are {', '.join(PARAMETERS)}."
