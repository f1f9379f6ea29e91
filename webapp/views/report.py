"""The audit log: list, one event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from .. import archived_events, db, events, narrowing, restoring, wording
from ..errors import FilterError
from ..exports.columns import ALWAYS, NAMES
from ..filter_fields import ACTIONS
from ..filters import Filters
from ..periods import DAY, read_day
from ..permissions import scope
from ..web import addresses, cursors, finding
from ..web.forms import ExportForm
from ..web.settings import settings
from ..web.signed_in import user_id
from . import activity, actors, records, saved

blueprint = Blueprint("report", __name__)
blueprint.add_url_rule("/reports/audit-log/records/<entity>/<path:record_id>", view_func=records.record)
blueprint.add_url_rule("/reports/audit-log/actors/<path:actor_id>", view_func=actors.actor)
blueprint.add_url_rule("/reports/audit-log/activity", endpoint="activity", view_func=activity.show)


@blueprint.get("/")
def home() -> WerkzeugResponse:
    return redirect(url_for("report.reports"))


@blueprint.get("/reports/")
def reports() -> str:
    return render_template("reports.html", limits=scope().in_words())


@blueprint.get("/reports/audit-log")
def audit_log() -> str | tuple[str, int] | WerkzeugResponse:
    if not request.args and (opening := saved.opening(addresses.zone())):
        return redirect(opening)
    try:
        filters = addresses.filters()
        older = cursors.load("before", request.args.get("before"))
        jump = None if older else _jump(filters)
        newer = cursors.load("after", request.args.get("after"))
        since = cursors.load("since", request.args.get("since"))
        is_together = addresses.shown_together()
    except FilterError as error:
        with db.connection() as connection:
            head = finding.head(connection, Filters(zone=addresses.zone()), error)
        return render_template("audit_log.html", page=None, **head), 400
    with db.connection() as connection:
        archive = settings().archive
        page, left = archived_events.page(
            connection, archive, filters, scope(), older_than=older or jump, newer_than=newer
        )
        if jump:
            since = datetime.now(UTC), 0
            ahead = events.arrived(connection, filters, scope(), jump, user_id())
            page = replace(page, has_newer=ahead > 0)
        else:
            ahead = events.arrived(connection, filters, scope(), since, user_id()) if since and page.has_newer else 0
        names = events.names(connection, page.events, scope())
        known = since if page.has_newer else page.events[0].cursor if page.events else None
        return render_template(
            "audit_log.html",
            **finding.head(connection, filters),
            page=page,
            left=left,
            entries=_entries(connection, filters, page, names, is_together),
            is_together=is_together,
            total=events.count(connection, filters, scope()),
            total_limit=events.COUNT_LIMIT,
            jump=jump and request.args["at"],
            after_jump=addresses.report(filters, after=cursors.dump(jump)) if jump else None,
            arrived=ahead,
            behind=narrowing.is_behind(connection),
            arrived_limit=events.ARRIVED_LIMIT,
            trail=addresses.trail(filters),
            **cursors.beside(page, filters.to_query() | ({"since": cursors.dump(known)} if known else {})),
            export_form=ExportForm(),
            export_limit=settings().export_limit,
            columns=NAMES,
            always=ALWAYS,
        )


def _entries(
    connection: db.Connection, filters: Filters, page: events.Page, names: events.Names, is_together: bool
) -> list[wording.Entry]:
    """The events of a page; those of one transaction together, with how many more lie beyond the edges of the page."""
    rows = wording.rows(page.events, names, filters.zone)
    if not is_together or not rows:
        return wording.apart(rows)
    entries = wording.together(rows, names)
    for place, event, newer in ((0, page.events[0], True), (-1, page.events[-1], False)):
        if (page.has_newer if newer else page.has_older) and wording.belongs_to(event) != (event.event_id,):
            more = events.goes_on(connection, filters, scope(), event, newer=newer)
            entries[place] = wording.cut(entries[place], more)
    return entries


def _jump(filters: Filters) -> events.Cursor | None:
    """The place in the list where a day ends."""
    text = request.args.get("at", "").strip()
    return (filters.midnight(read_day("at", text) + DAY), 0) if text else None


@blueprint.get("/reports/audit-log/events/<int:event_id>")
def event(event_id: int) -> str:
    filters = addresses.filters_or_400()
    if event_id >= 2**63:
        abort(404)
    with db.connection() as connection:
        found = events.find(connection, event_id, scope()) or archived_events.find(
            connection, settings().archive, event_id, scope()
        )
        if found is None:
            abort(404)
        names = events.names(connection, [found], scope())
        undone = found.action in restoring.UNDONE and found.table_name and not found.archived
        way = restoring.way(connection, [event_id]) if undone else None
    changed, same = wording.diff(found, names, filters.zone)
    return render_template(
        "event.html",
        event=found,
        sentence=wording.sentence(found, names),
        subject=wording.subject(found),
        sides=wording.sides(found),
        facts=wording.facts(found),
        changed=changed,
        same=same,
        way=way,
        day=found.occurred_at.astimezone(ZoneInfo(filters.zone)).date(),
        categories=scope().choices,
        actions=ACTIONS,
        zone=filters.zone,
        back=url_for("report.audit_log", **addresses.trail(filters), _anchor=f"event-{event_id}"),
    )
