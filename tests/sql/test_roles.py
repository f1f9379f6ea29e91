"""Every kind of statement under every role: who may do what to the log, and that everything else is refused."""

from __future__ import annotations

from psycopg import errors

from tests.conftest import Connection, Database
from tests.sql.support import seed

#: The logins, by what they are: nobody in particular, an application, and one for each role of audit.
LOGINS = ["stranger", "app", "reader", "web", "sealer", "streamer", "admin"]
NOBODY = ""
ANYBODY = "stranger app reader web sealer streamer admin"
READS_EVENTS = "reader web sealer streamer admin"

#: statement -> who may. PostgreSQL refuses all others with 42501.
STATEMENTS: dict[str, str] = {
    # -- reading
    "select 1 from audit.events": READS_EVENTS,
    "select 1 from audit.log": READS_EVENTS,
    "select 1 from audit.report": "reader streamer web admin",
    "copy audit.shapes to stdout": READS_EVENTS,
    "copy (select event_id from audit.report) to stdout": "reader streamer web admin",
    "declare c cursor for select 1 from audit.events": READS_EVENTS,
    "prepare p as select 1 from audit.events": ANYBODY,  # parsed alone: executing it is another matter
    "explain select 1 from audit.events": READS_EVENTS,
    "select password_hash from audit.web_users": "web",
    "select 1 from audit.log_default": NOBODY,
    "select 1 from audit.web_sessions": NOBODY,
    "select 1 from audit.password_links": NOBODY,
    "select 1 from audit.totp": NOBODY,
    "select 1 from audit.export_tickets": NOBODY,
    "select 1 from public.users": "app",
    "select 1 from audit.events for update": NOBODY,
    "select 1 from audit.log for share": NOBODY,
    "table audit.leaves": "reader web sealer streamer admin",
    # -- writing events
    "insert into audit.log (shape_id, action) values (1, 'i')": NOBODY,
    "insert into audit.events (entity) values ('contact')": NOBODY,
    "insert into audit.report (entity) values ('contact')": NOBODY,
    "update audit.log set actor_id = 'x'": NOBODY,
    "update audit.events set actor_id = 'x'": NOBODY,
    "update audit.shapes set entity = 'x'": NOBODY,
    "update audit.tracked set entity = 'x'": NOBODY,
    "delete from audit.log": NOBODY,
    "delete from audit.events": NOBODY,
    "truncate audit.log": NOBODY,
    "truncate audit.log_default": NOBODY,
    "merge into audit.log l using (values (1)) v(n) on true when matched then delete": NOBODY,
    "copy audit.log from stdin": NOBODY,
    "insert into audit.web_sessions (token_hash) values (sha256('x'))": NOBODY,
    "update audit.web_users set name = 'x'": NOBODY,
    "update public.users set role = 'administrator'": "app",
    "delete from audit.checkpoints": NOBODY,
    "update audit.streams set position = 0": "streamer",
    "update audit.leaves set event_id = 1": NOBODY,
    "select setval('audit.log_event_id_seq', 1)": NOBODY,
    "select nextval('audit.log_event_id_seq')": NOBODY,
    "lock table audit.log in access exclusive mode": NOBODY,
    "lock table audit.log in share mode": NOBODY,
    # -- changing what is there
    "alter table audit.log add column x int": NOBODY,
    "alter table audit.log disable trigger all": NOBODY,
    "alter table audit.log enable row level security": NOBODY,
    "alter table audit.log owner to current_user": NOBODY,
    "alter table public.contacts disable trigger all": NOBODY,
    "alter view audit.report rename to r": NOBODY,
    "alter function audit.set_actor(text, text, text, jsonb) rename to f": NOBODY,
    "alter schema audit rename to a": NOBODY,
    "alter role audit_web superuser": NOBODY,
    "alter role current_user superuser": NOBODY,
    "alter database postgres set lock_timeout = 1": NOBODY,
    "alter system set log_statement = 'all'": NOBODY,
    "alter default privileges for role audit_owner grant all on tables to public": NOBODY,
    "comment on table audit.log is 'x'": NOBODY,
    "drop table audit.log": NOBODY,
    "drop view audit.events cascade": NOBODY,
    "drop function audit.set_actor(text, text, text, jsonb)": NOBODY,
    "drop trigger refuse_mutation on audit.log": NOBODY,
    "drop schema audit cascade": NOBODY,
    "drop owned by audit_owner": NOBODY,
    "reassign owned by audit_owner to current_user": NOBODY,
    "reindex table audit.log": NOBODY,
    "alter table audit.log detach partition audit.log_default": NOBODY,
    "alter table audit.log_default set schema public": NOBODY,
    "alter sequence audit.log_event_id_seq restart": NOBODY,
    "vacuum audit.migrations": NOBODY,
    "analyze audit.migrations": NOBODY,
    "cluster audit.migrations using migrations_pkey": NOBODY,
    # -- making something
    "create table audit.t ()": NOBODY,
    "create table public.t ()": NOBODY,
    "create view audit.v as select 1": NOBODY,
    "create view public.v as select 1": NOBODY,
    "create function audit.f() returns int language sql return 1": NOBODY,
    "create function public.f() returns int language sql return 1": NOBODY,
    "create procedure public.p() language sql as ''": NOBODY,
    "create sequence public.s": NOBODY,
    "create type public.y as (n int)": NOBODY,
    "create domain public.d as int": NOBODY,
    "create schema s": NOBODY,
    "create index on audit.log (action)": NOBODY,
    "create trigger g after insert on audit.log for each row execute function audit.refuse_mutation()": NOBODY,
    "create rule r as on insert to audit.log do instead nothing": NOBODY,
    "create policy p on audit.log": NOBODY,
    "create statistics public.st on db_user, action from audit.log": NOBODY,
    "create event trigger e on sql_drop execute function audit.watch_ddl()": NOBODY,
    "create publication b for table audit.log": NOBODY,
    "create extension pg_stat_statements": NOBODY,
    "create role r superuser": NOBODY,
    "create database d": NOBODY,
    "create language x handler h": NOBODY,
    "create materialized view public.m as select 1": NOBODY,
    "select 1 as n into public.t": NOBODY,
    "create table public.t as select 1": NOBODY,
    "create aggregate public.a (int) (sfunc = int4pl, stype = int)": NOBODY,
    "create operator public.@#@ (function = int4pl, leftarg = int, rightarg = int)": NOBODY,
    "create operator family public.f using btree": NOBODY,
    "create collation public.c from \"C\"": NOBODY,
    "create conversion public.c for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8": NOBODY,
    "create text search configuration public.c (copy = pg_catalog.simple)": NOBODY,
    "create cast (int as point) with inout": NOBODY,
    "create foreign data wrapper w": NOBODY,
    "create tablespace t location '/tmp'": NOBODY,
    "create subscription b connection 'dbname=x' publication p with (connect = false)": NOBODY,
    "create access method m type index handler bthandler": NOBODY,
    # -- rights and roles
    "grant select on audit.log to public": NOBODY,
    "grant audit_owner to current_user": NOBODY,
    "grant audit_web to stranger": NOBODY,
    "revoke select on audit.log from audit_web": NOBODY,
    "set local role audit_owner": NOBODY,
    "set local session authorization postgres": NOBODY,
    "set local session_replication_role = replica": NOBODY,
    # -- the machine
    "copy (select 1) to program 'true'": NOBODY,
    "copy (select 1) to '/tmp/x'": NOBODY,
    "select pg_read_file('PG_VERSION')": NOBODY,
    "select lo_import('/etc/passwd')": NOBODY,
    "select pg_reload_conf()": NOBODY,
    "select pg_switch_wal()": NOBODY,
    "checkpoint": NOBODY,
    "load 'plpgsql'": NOBODY,
    # -- the doors that are open, through functions
    "select audit.set_actor('1')": ANYBODY,
    "select audit.record_access('sign_in', 'user')": "web",
    "select audit.record_event('user', 'sign_in')": NOBODY,
    "select audit.import_events('[]')": "admin",
    "select audit.untrack('contacts')": NOBODY,  # takes the table's owner, too
    "select audit.begin_session(sha256('x'), null, null, null, null, null)": "web",
    "select audit.end_sessions_of('1')": "admin",
    "select audit.status()": "reader web sealer streamer admin",
    # -- what PostgreSQL lets everybody do, unless a database takes it away from all
    "create temporary table t ()": ANYBODY,
    "select lo_create(0)": ANYBODY,
    "notify x": ANYBODY,
    "listen x": ANYBODY,
    "do $$ begin end $$": ANYBODY,
    "select pg_advisory_xact_lock(1)": ANYBODY,
}  # fmt: skip


#: What PostgreSQL will not do inside a transaction that could be rolled back.
ALONE = ("alter system", "create database", "create tablespace", "vacuum")


def outcome(connection: Connection, statement: str) -> str:
    warnings: list[str | None] = []
    connection.add_notice_handler(lambda notice: warnings.append(notice.sqlstate))
    try:
        if statement.startswith(ALONE):
            connection.execute(statement.encode())
            return "denied" if warnings else "done"
        with connection.transaction(force_rollback=True):
            cursor = connection.cursor()
            if statement.startswith("copy") and statement.endswith("stdout"):
                with cursor.copy(statement.encode()) as copy:
                    for _ in copy:
                        pass
            else:
                cursor.execute(statement.encode())
    except errors.InsufficientPrivilege:
        return "denied"
    except errors.Error as error:
        return f"{type(error).__name__}: {error}"
    # A grant of what one may read but not give away is a warning: nothing was granted, nothing revoked. So is ANALYZE.
    return "denied" if {"01007", "01006", "01000"} & {*warnings} else "done"


def test_every_kind_of_statement_is_refused_to_every_role_but_those_that_need_it(shared: Database) -> None:
    seed(shared)
    connected = {login: shared.connect(login) for login in LOGINS}
    found = {s: {login: outcome(connected[login], s) for login in LOGINS} for s in STATEMENTS}
    expected = {
        statement: {login: "done" if login in may.split() else "denied" for login in LOGINS}
        for statement, may in STATEMENTS.items()
    }
    wrong = {s: {k: v for k, v in o.items() if v != expected[s][k]} for s, o in found.items() if o != expected[s]}
    assert wrong == {}


def test_a_login_of_the_web_owns_nothing_anywhere(shared: Database) -> None:
    for login in ("web", "audit_web", "reader", "audit_reader", "sealer", "audit_sealer", "admin", "audit_admin"):
        assert shared.run("select classid::regclass, objid from pg_shdepend where deptype = 'o' "
                          "and refclassid = 'pg_authid'::regclass and refobjid = %s::regrole", login) == []  # fmt: skip


def test_taking_temporary_tables_away_from_all_leaves_the_report_working(db: Database) -> None:
    db.run(
        "do $$ begin execute format('revoke temporary on database %%I from public', current_database()); end $$".replace(
            "%%", "%"
        )
    )
    assert outcome(db.connect("web"), "create temporary table t ()") == "denied"
    assert outcome(db.connect("web"), "select count(*) from audit.report") == "done"
