"""Whoever owns a table may write code that runs when it is read. None of that runs as the owner of the log."""

from __future__ import annotations

import psycopg
import pytest

from tests.conftest import PASSWORD_HASH, Connection, Database

#: A function that tells as whom it runs.
SPY = """
create schema evil;
create table evil.ran (as_whom text);
grant usage on schema evil to public;
grant insert on evil.ran to public;
create function evil.spy(value text) returns boolean language plpgsql as
  $$ begin insert into evil.ran values (current_user); return true; end $$;
"""


def seen_by(owner: Connection) -> set[str]:
    return {who for (who,) in owner.execute("delete from evil.ran returning as_whom").fetchall()}


@pytest.fixture
def owner(db: Database) -> Connection:
    """`app`, who owns what it makes."""
    db.run(f"grant create on database {db.superuser.info.dbname} to app; grant create on schema public to app")
    app = db.connect()
    app.execute(SPY)
    return app


def test_checks_of_domains_run_as_whoever_writes_and_never_as_the_log(db: Database, owner: Connection) -> None:
    owner.execute("create domain evil.pin as text check (evil.spy(value))")
    owner.execute("create type evil.pair as (a int, b evil.pin)")
    owner.execute(
        "create table boxes (id int primary key, pin evil.pin, shown evil.pin, pair evil.pair, pins evil.pin[])"
    )
    db.run("select audit.track('boxes', mask => '{pin}'), audit.allow_export('boxes', 'app')")
    owner.execute("insert into boxes values (1, '1234', 'a', row(1, 'b'), array['c'])")
    owner.execute("update boxes set pin = '5678', shown = 'd', pair = row(2, 'e')")
    assert seen_by(owner) == {"app"}
    (ticket,) = owner.execute("select audit.request_export('boxes', '{\"shown\": \"d\"}')").fetchone() or (None,)
    rows = owner.execute("select * from audit.export_rows(%s, null::boxes)", (ticket,)).fetchall()
    assert rows == [(1, None, "d", "(2,e)", "{c}")]
    owner.execute("alter table boxes add column more evil.pin")
    db.run("select audit.track('boxes', baseline => true)")
    db.connect("web").execute("select audit.extend_search()")
    for reading in (
        "select * from audit.report",
        "select * from audit.rows_as_of('boxes', now())",
        "select audit.restore_sql(max(event_id)) from audit.report where action = 'update'",
    ):
        db.connect("reader").execute(reading.encode())
    owner.execute("truncate boxes")
    assert seen_by(owner) == {"app"}, "who altered the table"


def test_policies_on_the_table_of_users_run_as_nobody_else(db: Database, owner: Connection) -> None:
    """Also where no superuser has let the log's owner pass by them."""
    owner.execute("create table staff (id int, password_hash text)")
    owner.execute("insert into staff values (1, %s)", (PASSWORD_HASH,))
    owner.execute("alter table staff enable row level security")
    owner.execute("create policy spying on staff using (evil.spy('')) with check (evil.spy(''))")
    owner.execute("grant select, update (password_hash) on staff to audit_owner")
    db.run("""create or replace view audit.web_users as select id::text as user_id, 'a@b' as login, 'A' as name,
              password_hash, true as active, audit.permissions_of('auditor') as permissions, null::text[] as categories from staff""")
    db.run("alter role audit_owner nobypassrls")
    try:
        web = db.connect("web")
        ((_, cure),) = web.execute("select * from audit.check_web_users()").fetchall()
        assert cure == "Let a superuser run: alter role audit_owner bypassrls."
        for call in (
            f"audit.change_password('1', '{PASSWORD_HASH}', 'x')",
            "audit.password_link('')",
            "audit.redeem_password_link('', '')",
            "audit.renew_recovery_codes('1', '{}')",
            "audit.request_erasure('contact', '1', 'letter', session_hash => '')",
        ):
            try:
                web.execute(f"select {call}".encode())
            except psycopg.errors.InsufficientPrivilege:
                pass
    finally:
        db.run("alter role audit_owner bypassrls")
    assert seen_by(owner) == set()
