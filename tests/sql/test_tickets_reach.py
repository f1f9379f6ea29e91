"""What a ticket does not open."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import denied, refused, seed


@pytest.fixture
def db(shared: Database) -> Database:
    seed(shared)
    for entity in ("contact", "group", "user"):
        shared.run("select audit.allow_export(%s, 'stranger')", entity)
    return shared


@pytest.mark.parametrize("other", ["audit.events", "pg_catalog.pg_authid", "audit.export_tickets"])
def test_a_ticket_opens_no_table_that_is_not_tracked(db: Database, other: str) -> None:
    stranger = db.connect("stranger")
    ticket = stranger.execute("select audit.request_export('contact')").fetchone()
    with refused("42704", "is not tracked", detail="public.contacts", hint="audit.track("):
        stranger.execute(f"select * from audit.export_rows(%s, null::{other})".encode(), ticket)
    with refused("42704", "is not tracked"):
        stranger.execute("select * from audit.export_rows(%s, null::integer)", ticket)


def test_even_a_superuser_cannot_ask_for_what_is_not_tracked(db: Database) -> None:
    with refused("42704", "audit.request_export: no tracked table has entity", hint="audit.status()"):
        db.run("select audit.request_export('unicorn')")


def test_the_sequence_that_marks_a_ticket_as_used_is_out_of_reach(db: Database) -> None:
    stranger = db.connect("stranger")
    (ticket,) = stranger.execute("select audit.request_export('contact')").fetchone() or ("",)
    for call in ("nextval(%s)", "setval(%s, 1, false)", "currval(%s)"):
        with denied():
            stranger.execute(f"select {call}".encode(), (f'audit."ticket_{ticket}"',))
