"""The page of one person: what they did, and what was done to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flask import render_template

from .. import activity, db, events, narrowing, people, wording
from ..filter_fields import ACTIONS
from ..filters import LONGEST_VALUE, Filters, Term
from ..permissions import scope
from ..web import addresses, drawing

RECENT = 10


def actor(actor_id: str) -> str | tuple[str, int]:
    """Everything of one person between two days: by kind and hour, exports and bulk deletions set apart."""
    asked = addresses.filters_or_400()
    if "\x00" in actor_id or len(actor_id) > LONGEST_VALUE:
        return _unknown(actor_id)
    now = datetime.now(UTC)
    own = (Term("actor", actor_id),)
    with db.connection() as connection:
        seen = people.seen(connection, actor_id, scope())
        rights = people.rights(connection, actor_id, scope())
        if seen.last_at is None and not rights:
            return _unknown(actor_id)
        # Without days: the twelve weeks up to when they were last seen.
        filters = activity.bounded(replace(asked, terms=own), now if asked.has_dates() else seen.last_at or now)
        recent = events.page(connection, filters, scope()).events[:RECENT]
        exports = events.page(connection, filters.adding(Term("action", "export")), scope())
        names = events.names(connection, [*recent, *exports.events], scope())
        return render_template(
            "actor.html",
            actor_id=actor_id,
            behind=narrowing.is_behind(connection),
            name=seen.name or next((event.record_label for event in rights if event.record_label), None),
            seen=seen,
            filters=filters,
            zone=filters.zone,
            total=events.count(connection, filters, scope()),
            total_limit=events.COUNT_LIMIT,
            entries=wording.apart(wording.rows(recent, names, filters.zone)),
            exports=[(e, wording.sentence(e, names)) for e in exports.events[:RECENT]],
            deletions=people.deletions(connection, filters, scope()),
            many=people.MANY,
            kinds=activity.kinds(connection, filters, scope()),
            week=activity.hours(connection, filters, scope()),
            ways=people.ways(connection, filters, scope()),
            rights=[(e, wording.right(e, people.RIGHTS)) for e in rights],
            categories=scope().choices,
            actions=ACTIONS,
            limits=scope().in_words(),
            presets=filters.presets(now),
            link=drawing.Links(filters),
            everything=drawing.Links(Filters(own, zone=filters.zone)),
            trail=filters.to_query(),
        )


def _unknown(actor_id: str) -> tuple[str, int]:
    return render_template("unknown_actor.html", actor_id=actor_id[:200], limits=scope().in_words()), 404
