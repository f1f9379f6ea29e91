"""Who the log says it was: what the application claims, and what the database knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Connection, Database
from tests.sql.support import refused, watch

INSERT = "insert into contacts (first_name) values ('Ada')"


@pytest.fixture
def db(shared: Database) -> Database:
    return shared


def claimed(event: dict[str, Any]) -> tuple[Any, ...]:
    return event["actor_id"], event["actor_name"], event["request_id"], event["context"]


def as_actor(connection: Connection, call: str, *values: Any) -> None:
    with connection.transaction():
        connection.execute(f"select audit.set_actor({call})".encode(), values or None)
        connection.execute(INSERT)


def with_setting(connection: Connection, name: str, value: str) -> None:
    with connection.transaction():
        connection.execute("select set_config(%s, %s, true)", (name, value))
        connection.execute(INSERT)


def test_set_actor_puts_its_four_arguments_on_every_event_of_the_transaction(db: Database) -> None:
    new = watch(db)
    app = db.connect()
    with app.transaction():
        app.execute("""select audit.set_actor('42', 'Mei Tanaka', 'req-9', '{"ip": "203.0.113.7"}')""")
        app.execute(INSERT)
        app.execute("update contacts set first_name = 'Eve'")
        app.execute("delete from contacts")
    assert [claimed(e) for e in new()] == [("42", "Mei Tanaka", "req-9", {"ip": "203.0.113.7"})] * 3


def test_set_actor_needs_only_the_actor_and_clears_what_an_earlier_call_said(db: Database) -> None:
    new = watch(db)
    app = db.connect()
    with app.transaction():
        app.execute("""select audit.set_actor('42', 'Mei', 'req-9', '{"a": 1}')""")
        app.execute("select audit.set_actor('43')")
        app.execute(INSERT)
    assert [claimed(e) for e in new()] == [("43", None, None, None)]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_the_actor_ends_with_the_transaction(db: Database, end: str) -> None:
    new = watch(db)
    app = db.connect(autocommit=False)
    app.execute("""select audit.set_actor('42', 'Mei', 'req-9', '{"a": 1}')""")
    getattr(app, end)()
    # The setting is '' now, not null: that is nobody.
    assert app.execute("select current_setting('audit.actor_id', true)").fetchone() == ("",)
    app.execute(INSERT)
    app.commit()
    assert [claimed(e) for e in new()] == [(None, None, None, None)]


def test_a_savepoint_that_is_taken_back_takes_its_actor_back(db: Database) -> None:
    new = watch(db)
    app = db.connect()
    with app.transaction():
        app.execute("select audit.set_actor('42')")
        with app.transaction(force_rollback=True):
            app.execute("select audit.set_actor('43')")
        app.execute(INSERT)
    assert new()[0]["actor_id"] == "42"


def test_who_says_nothing_is_nobody(db: Database) -> None:
    new = watch(db)
    db.connect().execute(INSERT)
    assert [claimed(e) for e in new()] == [(None, None, None, None)]


@pytest.mark.parametrize(
    ("name", "column", "value", "kept"),
    [
        ("audit.actor_id", "actor_id", "42", "42"),
        ("audit.actor_name", "actor_name", "Ærøskøbing 東京", "Ærøskøbing 東京"),
        ("audit.request_id", "request_id", "r-1", "r-1"),
        ("audit.context", "context", '{"on_behalf_of": "7"}', {"on_behalf_of": "7"}),
        ("audit.actor_id", "actor_id", "", None),
        ("audit.context", "context", "", None),
    ],
)
def test_a_bare_setting_does_the_same_as_set_actor(
    db: Database, name: str, column: str, value: str, kept: object
) -> None:
    new = watch(db)
    with_setting(db.connect(), name, value)
    assert new()[0][column] == kept


@pytest.mark.parametrize(
    "malformed",
    [
        "not json",
        "[1, 2]",
        '"text"',
        "17",
        "null",
        "{",
        '{"a": "\\u0000"}',
        "[" * 60_000,
        '{"a": 1e999999999}',
        '{"long": "' + "x" * 70_000 + '"}',
        "'; drop table audit.events; --",
    ],
    ids=lambda text: str(text)[:12],
)
def test_a_malformed_context_is_kept_as_text_and_never_fails_the_write(db: Database, malformed: str) -> None:
    new = watch(db)
    with_setting(db.connect(), "audit.context", malformed)
    assert new()[0]["context"] == {"$malformed": malformed[:1000]}


def test_a_malformed_context_does_not_fail_an_event_that_changed_no_row_either(db: Database) -> None:
    new = watch(db)
    web = db.connect("web")
    with web.transaction():
        web.execute("select set_config('audit.context', 'not json', true)")
        web.execute("select audit.record_access('denied', 'report')")
    assert new()[0]["context"] == {"$malformed": "not json", "denied": {}}


@pytest.mark.parametrize("setting", ["actor_id", "actor_name", "request_id"])
@pytest.mark.parametrize("length", [201, 5_000, 1_000_000])
def test_a_very_long_claim_is_cut_and_never_fails_the_write(db: Database, setting: str, length: int) -> None:
    new = watch(db)
    # Random enough that compression does not make it fit into an index entry.
    claim = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(length))
    with_setting(db.connect(), f"audit.{setting}", claim)
    assert new()[0][setting] == claim[:200]


@pytest.mark.parametrize(("context", "kind"), [("[1]", "array"), ("17", "number"), ('"x"', "string"), ("null", "null")])
def test_set_actor_refuses_a_context_that_is_no_object(db: Database, context: str, kind: str) -> None:
    app = db.connect()
    with refused("22023", "audit.set_actor: context is a JSON", detail=context, hint="Pass an object"):
        app.execute("select audit.set_actor('42', context => %s::jsonb)", (context,))
    with refused("22023", f"a JSON {kind}, not an object"):
        app.execute("select audit.set_actor('42', context => %s::jsonb)", (context,))


def test_set_actor_with_a_null_actor_is_nobody(db: Database) -> None:
    new = watch(db)
    as_actor(db.connect(), "null, null, null, null")
    assert claimed(new()[0]) == (None, None, None, None)


def test_set_role_does_not_change_who_the_database_knows_it_is(db: Database) -> None:
    new = watch(db)
    admin = db.connect("postgres")
    admin.execute("set role app")
    admin.execute(INSERT)
    assert new()[0]["db_user"] == "postgres"


def test_a_definer_function_does_not_change_who_the_database_knows_it_is(db: Database) -> None:
    new = watch(db)
    db.run(
        "create function pg_temp.add() returns void language sql security definer as "
        "$$ insert into public.contacts (first_name) values ('x') $$"
    )
    db.run("set session authorization app")
    db.run("select pg_temp.add()")
    db.run("reset session authorization")
    assert new()[0]["db_user"] == "app"


def test_the_application_name_is_kept(db: Database) -> None:
    new = watch(db)
    db.connect(application_name="billing 2.1").execute(INSERT)
    db.connect(application_name="").execute(INSERT)
    assert [e["application"] for e in new()] == ["billing 2.1", None]


def test_the_address_is_that_of_the_database_client_and_null_over_a_socket(db: Database) -> None:
    new = watch(db)
    app = db.connect()
    address = app.execute("select inet_client_addr()").fetchone()
    app.execute(INSERT)
    assert address == (new()[0]["client_addr"],)


def test_an_application_cannot_claim_to_be_another_login_or_another_address(db: Database) -> None:
    new = watch(db)
    app = db.connect()
    with app.transaction():
        app.execute(
            "select set_config('audit.db_user', 'postgres', true), set_config('audit.client_addr', '::1', true)"
        )
        app.execute(INSERT)
    address = app.execute("select inet_client_addr()").fetchall()[0][0]
    assert (new()[0]["db_user"], new()[0]["client_addr"]) == ("app", address)
