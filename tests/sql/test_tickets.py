"""Tickets: what leaves is on record first, and leaves once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import psycopg
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


def test_a_ticket_used_in_the_transaction_that_asked_for_it_is_refused(db: Database) -> None:
    app = db.connect(autocommit=False)
    ticket = ask(app)
    with refused("55000", "is not on record yet", hint="Commit the transaction"):
        take(app, ticket)


def test_a_ticket_made_in_a_savepoint_is_refused_before_the_transaction_commits(db: Database) -> None:
    app = db.connect(autocommit=False)
    app.execute("savepoint s")
    ticket = ask(app)
    app.execute("release s")
    with refused("55000", "is not on record yet"):
        take(app, ticket)


def test_a_ticket_of_a_savepoint_is_good_after_the_commit(db: Database) -> None:
    app = db.connect(autocommit=False)
    app.execute("savepoint s")
    ticket = ask(app)
    app.execute("release s")
    app.commit()
    assert len(take(app, ticket)) == 2


def test_a_ticket_is_not_valid_for_another_session_before_the_commit(db: Database) -> None:
    ticket = ask(db.connect(autocommit=False))
    with refused("42501", "is not valid", hint="audit.request_export()"):
        take(db.connect(), ticket)


def test_a_ticket_whose_request_was_rolled_back_is_not_valid(db: Database) -> None:
    app = db.connect(autocommit=False)
    ticket = ask(app)
    app.rollback()
    with refused("42501", "is not valid"):
        take(app, ticket)


def test_a_ticket_whose_savepoint_was_rolled_back_is_not_valid(db: Database) -> None:
    app = db.connect(autocommit=False)
    app.execute("savepoint s")
    ticket = ask(app)
    app.execute("rollback to s")
    with refused("42501", "is not valid"):
        take(app, ticket)
    app.rollback()
    app.execute("savepoint s")
    ticket = ask(app)
    app.execute("rollback to s")
    app.commit()
    with refused("42501", "is not valid"):
        take(app, ticket)


def test_a_ticket_of_a_prepared_transaction_is_good_only_once_that_is_committed(db: Database) -> None:
    name = uuid4().hex
    app = db.connect()
    app.execute("begin")
    ticket = ask(app)
    app.execute(f"prepare transaction '{name}'")
    try:
        with refused("42501", "is not valid"):
            take(app, ticket)
    finally:
        app.execute(f"commit prepared '{name}'")
    assert len(take(app, ticket)) == 2


def test_a_ticket_of_a_prepared_transaction_that_is_rolled_back_is_not_valid(db: Database) -> None:
    name = uuid4().hex
    app = db.connect()
    app.execute("begin")
    ticket = ask(app)
    app.execute(f"prepare transaction '{name}'")
    app.execute(f"rollback prepared '{name}'")
    with refused("42501", "is not valid"):
        take(app, ticket)


@pytest.mark.parametrize("asks", ["request_export('contact')", "record_export('contact', 1)"])
def test_an_export_is_on_disk_when_its_commit_returns_even_where_commits_are_asynchronous(
    db: Database, asks: str
) -> None:
    app = db.connect()
    for usual, then in {
        "off": "on",
        "local": "on",
        "remote_write": "on",
        "on": "on",
        "remote_apply": "remote_apply",
    }.items():
        app.execute(f"set synchronous_commit = {usual}")
        with app.transaction():
            app.execute(f"select audit.{asks}".encode())
            assert app.execute("show synchronous_commit").fetchone() == (then,)
            written = app.execute("select pg_current_wal_insert_lsn()").fetchone()
        assert app.execute("show synchronous_commit").fetchone() == (usual,)
        assert app.execute("select pg_current_wal_flush_lsn() > %s", written).fetchone() == (True,)


@pytest.mark.parametrize("ticket", [None, uuid4()], ids=["null", "unknown"])
def test_a_ticket_that_nobody_gave_is_not_valid(db: Database, ticket: Any) -> None:
    with refused("42501", "is not valid", detail="five minutes", hint="audit.request_export()"):
        take(db.connect(), ticket)


def test_a_ticket_gives_its_rows_once(db: Database) -> None:
    app = db.connect()
    ticket = ask(app)
    take(app, ticket)
    with refused("42501", "has been used", detail="once", hint="audit.request_export()"):
        take(app, ticket)


def test_a_ticket_gives_its_rows_once_even_when_the_taker_rolled_back_and_the_export_stays_on_record(
    db: Database,
) -> None:
    new = watch(db)
    app = db.connect(autocommit=False)
    ticket = ask(app)
    app.commit()
    assert len(take(app, ticket)) == 2
    app.rollback()
    with refused("42501", "has been used"):
        take(app, ticket)
    app.rollback()
    (event,) = new()
    assert (event["action"], event["context"]["export"]["ticket"]) == ("export", str(ticket))


def test_of_many_sessions_with_one_ticket_exactly_one_gets_the_rows(db: Database) -> None:
    sessions = [db.connect() for _ in range(6)]
    for _ in range(5):
        ticket = ask(db.connect())
        both = Barrier(len(sessions))

        def race(app: Connection, ticket: UUID = ticket, both: Barrier = both) -> object:
            both.wait()
            try:
                return len(take(app, ticket))
            except psycopg.errors.InsufficientPrivilege as refusal:
                return refusal.sqlstate

        with ThreadPoolExecutor(len(sessions)) as pool:
            told = list(pool.map(race, sessions))
        assert sorted(told, key=str) == [2] + ["42501"] * (len(sessions) - 1)


def test_a_session_that_still_holds_the_rows_open_keeps_the_ticket_from_others(db: Database) -> None:
    ticket = ask(db.connect())
    assert len(take(db.connect(autocommit=False), ticket)) == 2
    with refused("42501", "has been used"):
        take(db.connect(), ticket)


def test_another_login_cannot_use_the_ticket_and_does_not_use_it_up(db: Database) -> None:
    db.run("select audit.allow_export('contact', 'stranger')")
    ticket = ask(db.connect())
    with refused("42501", "is not valid", detail="for the login that asked for it"):
        take(db.connect("stranger"), ticket)
    with refused("42501", "is not valid"):
        take(db.connect("postgres"), ticket)
    assert len(take(db.connect(), ticket)) == 2


def test_an_expired_ticket_is_not_valid(db: Database) -> None:
    app = db.connect()
    ticket = ask(app)
    db.run("update audit.export_tickets set expires_at = clock_timestamp() - interval '1 second'")
    with refused("42501", "is not valid", detail="five minutes"):
        take(app, ticket)


def test_a_ticket_expires_five_minutes_after_it_was_given(db: Database) -> None:
    ask(db.connect())
    left = db.value("select expires_at - clock_timestamp() from audit.export_tickets")
    assert 240 < left.total_seconds() <= 300


def test_tickets_long_expired_are_cleared_away_with_the_next_request(db: Database) -> None:
    app = db.connect()
    old = ask(app)
    db.run("update audit.export_tickets set expires_at = now() - interval '2 hours'")
    new = ask(app)
    assert db.run("select ticket from audit.export_tickets") == [(new,)]
    assert db.value("select to_regclass(format('audit.%%I', 'ticket_' || %s::text))", str(old)) is None


def test_the_row_type_of_another_table_is_refused_and_does_not_use_the_ticket_up(db: Database) -> None:
    app = db.connect()
    ticket = ask(app)
    for other in ("groups", "users", "contact_groups"):
        with refused("42804", f'is for "contact", not for rows of public.{other}', hint="null::contacts"):
            app.execute(f"select * from audit.export_rows('{ticket}', null::{other})")
    assert len(take(app, ticket)) == 2


def test_a_ticket_for_a_record_does_not_give_the_rows_that_belong_to_it(db: Database) -> None:
    db.run("select audit.allow_export('group', 'app')")
    ticket = ask(db.connect(), "'group'")
    with refused("42804", "not for rows of public.contact_groups"):
        db.connect().execute(f"select * from audit.export_rows('{ticket}', null::contact_groups)")


@pytest.mark.parametrize("kind", ["audit.tracked", "int", "text"])
def test_a_row_type_that_is_no_tracked_table_is_refused(db: Database, kind: str) -> None:
    ticket = ask(db.connect())
    with refused("42704", "is not tracked"):
        db.connect("app").execute(f"select audit.export_rows('{ticket}', null::{kind})")


def test_the_filter_limits_the_rows_and_is_on_record_with_their_number(db: Database) -> None:
    db.run("insert into contacts (id, first_name, company, address) values (9, 'Di', 'Acme', '{\"city\": \"Oslo\"}')")
    new = watch(db)
    app = db.connect()
    ticket = ask(app, """'contact', '{"company": "Acme", "address": {"city": "Oslo"}}', 'ndjson', 'yearly'""")
    assert [row[1] for row in take(app, ticket)] == ["Di"]
    (event,) = new()
    assert event["context"]["export"] == {
        "row_count": 1,
        "filter": {"company": "Acme", "address": {"city": "Oslo"}},
        "format": "ndjson",
        "reason": "yearly",
        "ticket": str(ticket),
    }


@pytest.mark.parametrize(("given", "kind"), [("[1]", "array"), ("1", "number"), ('"x"', "string"), ("null", "null")])
def test_a_filter_that_is_no_object_is_refused(db: Database, given: str, kind: str) -> None:
    with refused("22023", f"audit.request_export: filter is a JSON {kind}", hint="Name columns and values"):
        ask(db.connect(), f"'contact', '{given}'")


def test_masked_columns_leave_as_null(db: Database) -> None:
    db.run("select audit.allow_export('user', 'app')")
    app = db.connect()
    ticket = ask(app, "'user'")
    rows = app.execute(f"select name, password_hash from audit.export_rows('{ticket}', null::users) order by name")
    assert rows.fetchall() == [("Tom", None), ("Una", None)]


def test_an_application_that_may_not_read_contacts_exports_them_by_ticket(db: Database) -> None:
    db.run("select audit.allow_export('contact', 'stranger')")
    stranger = db.connect("stranger")
    with denied():
        stranger.execute("select * from contacts")
    assert len(take(stranger, ask(stranger))) == 2
    with denied():
        stranger.execute("select * from contacts")
