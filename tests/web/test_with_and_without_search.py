"""A law: whatever is asked and whoever asks, audit.search changes how events are found and never which."""

from __future__ import annotations

import os
from typing import Any, LiteralString

from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.conftest import Database
from tests.sql.player import LAW
from tests.web.reading import imported
from tests.web.test_filters import a_colourful_history
from webapp import narrowing, searching
from webapp.filter_fields import FIELDS
from webapp.filters import Filters, Term
from webapp.scopes import CATEGORIES, EVERYTHING, Scope

#: Values that some events of that history have, and some that none has.
VALUES = {
    "actor": ["42", "p/1", "nobody"],
    "login": ["app", "admin", "postgres", "x"],
    "application": ["tests", "x"],
    "entity": ["contact", "group", "user", "invoice", "report"],
    "record": ["7", "2", "none"],
    "field": ["last_name", "first_name", "x"],
    "address": ["192.0.2.7", "192.0.2.0/24", "10.0.0.0/8", "2001:db8::1"],
    "request": ["req-81", "x"],
    "transaction": ["9", "1"],
    "hour": ["0", "12", "22", "23"],
    "words": ["grace", "hopper", "navy grace", "nobody", "ünïcode"],
}
TERMS = st.sampled_from(list(FIELDS)).flatmap(
    lambda name: st.builds(
        Term, st.just(name), st.sampled_from(VALUES.get(name) or list(FIELDS[name].choices or {})), st.booleans()
    )
)
SCOPES = st.one_of(st.just(EVERYTHING), st.sets(st.sampled_from(list(CATEGORIES)), max_size=4).map(Scope.of))


def found(db: Database, where: sql.Composable, asked: Filters, scope: Scope) -> list[Any]:
    conditions, parameters = asked.conditions(scope)
    query: LiteralString = "select r.event_id from {} r where {} order by r.occurred_at desc, r.event_id desc"
    return db.superuser.execute(sql.SQL(query).format(where, conditions), parameters).fetchall()


def test_the_same_events_are_found_with_all_with_half_and_with_nothing_in_the_search(db: Database) -> None:
    a_colourful_history(db)
    imported(
        db, {"context": {"ip": "192.0.2.7"}, "request_id": "req-81"}, {"client_addr": "10.1.2.3", "actor_id": "42"}
    )
    some: set[bool] = set()

    @settings(LAW, max_examples=int(os.environ.get("LAW_EXAMPLES", "30")))
    @given(st.lists(TERMS, max_size=3).map(tuple), st.sampled_from(["UTC", "Asia/Kolkata"]), SCOPES)
    def law(terms: tuple[Term, ...], zone: str, scope: Scope) -> None:
        asked = Filters(terms, zone=zone)
        expected = found(db, sql.SQL("audit.searchable"), asked, scope)
        for oldest_first in (False, True):
            filled, _ = narrowing.narrowed(db.superuser, asked, scope, oldest_first=oldest_first)
            assert found(db, filled["found"], asked, scope) == expected
        some.add(bool(expected))

    searching.extend(db.superuser)
    law()
    db.run("update audit.searching set low_event_id = 0")
    for rest in ("event_id % 2 = 0", "true"):
        db.run(f"delete from audit.search where {rest}")
        law()
    assert some == {True, False}, "what never found anything, or always did, proves nothing"
