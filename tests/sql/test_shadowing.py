"""A role with a schema of its own runs nothing of it as the owner of the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Connection, Database
from tests.sql.support import REFERENCES, refused, seed, watch

#: Functions that capture, the export functions and set_actor call, as an attacker would shadow them.
SHADOWED = [
    "to_jsonb(record)",
    "to_jsonb(anyelement)",
    "jsonb_each(jsonb)",
    "jsonb_typeof(jsonb)",
    "jsonb_build_object(text, text)",
    "jsonb_build_array(jsonb, jsonb)",
    "concat_ws(text, text, text)",
    "btrim(text)",
    "left(text, integer)",
    "clock_timestamp()",
    "pg_current_xact_id()",
    "current_setting(text, boolean)",
    "set_config(text, text, boolean)",
    "inet_client_addr()",
    "pg_has_role(name, oid, text)",
    "format(text, text)",
    "hashtextextended(text, bigint)",
    "context_of(text)",
]


@pytest.fixture
def attacker(db: Database) -> Iterator[Connection]:
    """`app`, with a schema full of traps first in its search_path, even before pg_catalog."""
    seed(db)
    db.run(f"grant create on database {db.superuser.info.dbname} to app")
    app = db.connect()
    app.execute("create schema evil")
    app.execute("create table evil.ran (what text, as_whom text)")
    app.execute("grant usage on schema evil to public")
    app.execute("grant insert on evil.ran to public")
    for signature in SHADOWED:
        name = signature.partition("(")[0]
        app.execute(
            f"create function evil.{signature} returns text language plpgsql as "
            f"$$ begin insert into evil.ran values ('{name}', current_user); return null; end $$".encode()
        )
    app.execute(
        "create function evil.compare(record, record) returns boolean language plpgsql as "
        "$$ begin insert into evil.ran values ('operator', current_user); return false; end $$"
    )
    for operator in ("*<>", "*="):
        app.execute(
            f"create operator evil.{operator} (leftarg = record, rightarg = record, function = evil.compare)".encode()
        )
    app.execute("create table evil.events as select 1 as x")
    app.execute("create temp table events (x integer)")
    app.execute("set search_path = evil, pg_temp, public, pg_catalog")
    yield app
    app.close()


def ran_as(db: Database) -> set[str]:
    return {whom for (whom,) in db.run("select as_whom from evil.ran")}


def test_the_traps_do_spring_for_the_attacker_itself(db: Database, attacker: Connection) -> None:
    attacker.execute("select left('abc', 1)")
    attacker.execute("select c *<> c from public.contacts c")
    assert ran_as(db) == {"app"}


def test_writes_are_captured_as_ever_and_nothing_of_the_attacker_runs(db: Database, attacker: Connection) -> None:
    for at in REFERENCES:
        new = watch(db)
        attacker.execute(at.insert.encode())
        attacker.execute(at.update.encode())
        attacker.execute(f"delete from {at.table} where {at.where_changed}".encode())
        assert [e["action"] for e in new()] == ["insert", "update", "delete"]
    new = watch(db)
    attacker.execute("truncate contact_groups")
    assert {e["action"] for e in new()} == {"truncate"}
    assert ran_as(db) == set()


def test_what_everybody_may_call_runs_nothing_of_the_attacker(db: Database, attacker: Connection) -> None:
    db.run("select audit.allow_export('contact', 'app')")
    attacker.execute("""select audit.set_actor('1', 'x', 'y', '{"a": 1}')""")
    attacker.execute("select audit.record_export('contact', 3, '{}', 'csv', 'because')")
    (ticket,) = attacker.execute("select audit.request_export('contact')").fetchone() or ("",)
    assert len(attacker.execute("select * from audit.export_rows(%s, null::contacts)", (ticket,)).fetchall()) == 2
    with refused("42501", "may not export"):
        attacker.execute("select audit.request_export('user')")
    assert ran_as(db) == set()


def test_readers_and_administrators_run_nothing_of_the_attacker(db: Database, attacker: Connection) -> None:
    db.run("set search_path = evil, public, pg_catalog")
    db.run("select * from audit.as_of(null::contacts, now())")
    db.run("select * from audit.history('contacts', '1')")
    db.run("select * from audit.status()")
    db.run("select audit.restore_sql(max(event_id)) from audit.events where action = 'insert'")
    db.run("select audit.track('public.contacts', 'contact', '{first_name}')")
    db.run("select audit.record_baseline('public.contacts')")
    db.run("reset search_path")
    assert "audit_owner" not in ran_as(db)


CAST = """
create type evil.mood as enum ('sad', 'glad');
create function evil.mood_json(evil.mood) returns json language plpgsql as
  $$ begin insert into evil.ran values ('cast', current_user); return '1'; end $$;
create cast (evil.mood as json) with function evil.mood_json(evil.mood);
create table evil.feelings (id integer primary key, mood evil.mood)
"""


def test_a_cast_to_json_of_the_attackers_own_type_does_not_run_as_the_owner(db: Database, attacker: Connection) -> None:
    attacker.execute("set search_path = pg_catalog")
    attacker.execute(CAST)
    db.run("select audit.track('evil.feelings')")
    attacker.execute("insert into evil.feelings values (1, 'sad')")
    assert ran_as(db) == set()


def test_a_check_of_the_attackers_own_domain_does_not_run_as_the_owner(db: Database, attacker: Connection) -> None:
    attacker.execute("set search_path = pg_catalog")
    attacker.execute(
        "create function evil.fits(integer) returns boolean language plpgsql as "
        "$$ begin insert into evil.ran values ('check', current_user); return true; end $$"
    )
    attacker.execute("create domain evil.small as integer check (evil.fits(value))")
    attacker.execute("create table evil.sizes (id integer primary key, size evil.small)")
    db.run("select audit.track('evil.sizes')")
    attacker.execute("insert into evil.sizes values (1, 2)")
    assert ran_as(db) == {"app"}
    db.connect("postgres").execute("select * from audit.as_of(null::evil.sizes, clock_timestamp())")
    assert "audit_owner" not in ran_as(db)
