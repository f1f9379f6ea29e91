"""The page of one record: its whole life."""

from __future__ import annotations

from dataclasses import replace

from flask import abort, render_template, request

from .. import db, events, restoring, wording
from ..errors import FilterError
from ..filters import LONGEST_VALUE
from ..permissions import scope
from ..records import READ_FOR_MEMBERS, READ_FOR_PEOPLE, Record
from ..web import addresses, cursors

#: Of the rows that belong to a record, so many are shown by name.
NEWEST = 20
Page = str | tuple[str, int]


def record(entity: str, record_id: str) -> Page:
    """How one record stands, or stood after the event `at`; who touched it; every event, newest first."""
    zone = addresses.filters_or_400().zone
    try:
        older = cursors.load("before", request.args.get("before"))
        newer = cursors.load("after", request.args.get("after"))
    except FilterError as error:
        abort(400, str(error))
    if "\x00" in entity + record_id or max(len(entity), len(record_id)) > LONGEST_VALUE:
        return _unknown(entity, record_id)
    with db.connection() as connection:
        found = Record(connection, scope(), entity, record_id)
        people = found.people()
        if not people:
            return _unknown(entity, record_id)
        at = _event_of(found)
        filters = replace(found.filters, zone=zone)
        addresses.about(filters)
        page = events.page(connection, filters, scope(), older_than=older, newer_than=newer)
        now = found.standing()
        shown = found.standing(at.cursor) if at else now
        members = wording.by_kind(found.members(at.cursor if at else None))
        named = [event for _, rows in members for event in rows[:NEWEST]]
        names = events.names(connection, [*page.events, *([shown] if shown else []), *named], scope())
        since = found.changes_since(shown.cursor, restoring.MOST + 1) if shown else []
        if shown and not since and shown.after is None and shown.action in restoring.UNDONE:
            since = [shown.event_id]  # it is gone: what would bring it back
        changed, same = ([], []) if shown is None else ([], wording.state(shown, names, zone))
        if at and shown and shown.event_id == at.event_id and shown.action == "update":
            changed, same = wording.diff(shown, names, zone)
        return render_template(
            "record.html",
            entity=entity,
            record_id=record_id,
            name=_name([now, *page.events]),
            now=now,
            at=at,
            shown=shown,
            changed=changed,
            same=same,
            way=restoring.way(connection, since) if since else None,
            people=people,
            belonging=[
                (kind, [(wording.member(event, names), event) for event in rows[:NEWEST]], len(rows) - NEWEST)
                for kind, rows in members
            ],
            read_for_members=READ_FOR_MEMBERS,
            read_for_people=READ_FOR_PEOPLE,
            total=events.count(connection, filters, scope()),
            total_limit=events.COUNT_LIMIT,
            entries=wording.apart(wording.rows(page.events, names, zone)),
            trail={"tz": zone},
            zone=zone,
            **cursors.beside(page, {"tz": zone}, anchor="timeline"),
        )


def _event_of(record: Record) -> events.EventInFull | None:
    """The event that the address asks for; one of another record is not found."""
    wanted = request.args.get("at", "")
    if not wanted:
        return None
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
        abort(400, f"“{wanted[:60]}” is not the number of an event.")
    event = events.find(record.connection, int(wanted), record.scope)
    if event is None or not record.has(event):
        abort(404)
    return event


def _name(known: list[events.Event | None]) -> str | None:
    return next((event.record_label for event in known if event and event.record_label), None)


def _unknown(entity: str, record_id: str) -> Page:
    page = render_template(
        "unknown_record.html", entity=entity[:200], record_id=record_id[:200], limits=scope().in_words()
    )
    return page, 404
