"""Who may export, and exports that applications report."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.conftest import Connection, Database
from tests.sql.support import denied, refused, seed, watch

TAKE = "select * from audit.export_rows(%s, null::contacts)"


@pytest.fixture
def db(shared: Database) -> Database:
    seed(shared)
    shared.run("select audit.allow_export('contact', 'app')")
    return shared


def ask(connection: Connection, arguments: str = "'contact'") -> UUID:
    (ticket,) = connection.execute(f"select audit.request_export({arguments})".encode()).fetchone() or (None,)
    assert isinstance(ticket, UUID)
    return ticket


def take(connection: Connection, ticket: UUID) -> list[tuple[Any, ...]]:
    return connection.execute(TAKE, (ticket,)).fetchall()


def test_a_committed_ticket_gives_the_rows(db: Database) -> None:
    app = db.connect()
    assert sorted(row[:2] for row in take(app, ask(app))) == [(1, "Bo"), (2, "Cy")]


# -- rights --------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["request_export('group')", "record_export('group', 1)"])
def test_an_export_is_refused_until_somebody_allows_it_for_that_kind_of_record(db: Database, call: str) -> None:
    app = db.connect()
    with refused("42501", 'app may not export "group"', detail="closed", hint="audit.allow_export('group', 'app')"):
        app.execute(f"select audit.{call}")
    db.connect("admin").execute("select audit.allow_export('group', 'app')")
    app.execute(f"select audit.{call}")
    db.connect("admin").execute("select audit.deny_export('group', 'app')")
    with refused("42501", "may not export"):
        app.execute(f"select audit.{call}")


def test_an_entity_of_null_is_refused(db: Database) -> None:
    with refused("42501", 'may not export "null"'):
        db.connect().execute("select audit.request_export(null)")


def test_a_right_given_to_a_role_is_its_members_too(db: Database) -> None:
    role = f"exporters_{uuid4().hex}"
    db.run(f"create role {role}")
    try:
        db.run(f"grant {role} to stranger")
        db.run(f"select audit.allow_export('contact', '{role}')")
        assert len(take(db.connect("stranger"), ask(db.connect("stranger")))) == 2
    finally:
        db.run(f"drop role {role}")


def test_allowing_and_denying_is_on_record_once(db: Database) -> None:
    mark = db.value("select max(event_id) from audit.events")
    for _ in range(2):
        db.run("select audit.allow_export('group', 'app')")
    for _ in range(2):
        db.run("select audit.deny_export('group', 'app')")
    told = [e["context"]["configure"] for e in db.events("event_id > %s", mark)]
    assert told == [{"did": "allow_export", "grantee": "app"}, {"did": "deny_export", "grantee": "app"}]


def test_only_an_administrator_allows_exports(db: Database) -> None:
    for login in ("app", "web", "reader"):
        with denied():
            db.connect(login).execute(f"select audit.allow_export('user', '{login}')")
        with denied():
            db.connect(login).execute("select audit.deny_export('contact', 'app')")


def test_allowing_the_export_of_something_that_is_not_tracked_is_refused(db: Database) -> None:
    with refused(
        "42704", 'audit.allow_export: no tracked table has entity "nothing"', detail="contact", hint="audit.track()"
    ):
        db.run("select audit.allow_export('nothing', 'app')")


# -- exports that an application reports -----------------------------------------------------------


def test_no_application_makes_its_export_look_erased(db: Database) -> None:
    app = db.connect()
    with app.transaction():
        forged = '{"erased": {"whole": true, "at": "2026-01-01", "request": "1"}, "screen": "contacts"}'
        app.execute("select set_config('audit.context', %s, true), audit.record_export('contact', 5)", (forged,))
    assert sorted(db.events("action = 'export'")[-1]["context"]) == ["export", "screen"]


def test_record_export_puts_the_application_s_own_export_on_record(db: Database) -> None:
    new = watch(db)
    db.connect().execute(
        """select audit.record_export('contact', 12, '{"company": "Acme"}', 'csv', 'asked for by the auditor')"""
    )
    (event,) = new()
    assert (event["action"], event["entity"], event["db_user"]) == ("export", "contact", "app")
    assert event["context"]["export"] == {
        "row_count": 12,
        "filter": {"company": "Acme"},
        "format": "csv",
        "reason": "asked for by the auditor",
        "reported_by": "application",
    }


@pytest.mark.parametrize("count", ["null", "-1"])
def test_record_export_refuses_a_count_that_is_none(db: Database, count: str) -> None:
    with refused("22023", f"audit.record_export: row_count is {count}", hint="number of records"):
        db.connect().execute(f"select audit.record_export('contact', {count})")
