"""What each role may do with the log; and that nobody, its owner included, changes it."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Database
from tests.sql.support import denied, refused, seed, watch

#: What every role may call. Anything else in audit is granted by name.
PUBLIC = ["export_rows", "record_export", "request_export", "set_actor"]

RELATIONS = """
select 'audit.' || c.relname from pg_class c
where c.relnamespace = 'audit'::regnamespace and c.relkind in ('r', 'p', 'v')
"""


@pytest.fixture
def db(shared: Database) -> Database:
    seed(shared)
    return shared


def call_of(db: Database, function: str) -> str:
    """SQL that calls a function with nulls of the right types."""
    types = db.value(
        "select array(select t::regtype::text from unnest(proargtypes::oid[]) t) from pg_proc "
        "where oid = %s::regprocedure",
        function,
    )
    given = {"anyelement": "null::contacts", "record": "row(null)"}
    arguments = ", ".join(given.get(t, f"null::{t}") for t in types)
    return f"select {function.partition('(')[0]}({arguments})"


def may(db: Database, login: str, privilege: str) -> set[str]:
    rows = db.run(f"select r from ({RELATIONS}) as x(r) where has_table_privilege(%s, r, %s)", login, privilege)
    return {re.sub(r"_\d{4}_\d\d$", "_<month>", r) for (r,) in rows}


@pytest.mark.parametrize("login", ["app", "stranger"])
def test_an_application_has_no_right_on_anything_in_audit(db: Database, login: str) -> None:
    for privilege in ("select", "insert", "update", "delete", "truncate", "references", "trigger"):
        assert may(db, login, privilege) == set()
    assert db.value("select has_schema_privilege(%s, 'audit', 'create')", login) is False
    reachable = (
        "select count(*) from pg_class where case when relkind = 'S' and relnamespace = 'audit'::regnamespace "
        "then has_sequence_privilege(%s, oid, 'usage, select, update') end"
    )
    assert db.value(reachable, login) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "select * from audit.events",
        "select * from audit.report",
        "select * from audit.log",
        "select * from audit.shapes",
        "insert into audit.log (shape_id, action) values (1, 'e')",
        "update audit.log set actor_id = 'x'",
        "delete from audit.log",
        "truncate audit.log",
        "insert into audit.log_default (shape_id) values (1)",
        "truncate audit.log_default",
        "drop table audit.log_default",
        "alter table audit.log disable trigger refuse_mutation",
        "update audit.shapes set entity = 'x'",
        "update audit.events set entity = 'x'",
        'alter table contacts disable trigger "!audit_capture"',
        'drop trigger "!audit_capture" on contacts',
        "create table audit.mine ()",
        "create trigger forge after insert on audit.log execute function audit.refuse_mutation()",
        "select * from audit.web_users",
        "select * from audit.tracked",
        "select * from audit.migrations",
        "set session_replication_role = replica",
        "set role audit_owner",
        "set role audit_web",
    ],
)
def test_an_application_that_tries_is_denied(db: Database, statement: str) -> None:
    with denied():
        db.connect("app").execute(statement.encode())


def test_an_application_can_call_set_actor_and_no_other_function_of_audit(db: Database) -> None:
    app = db.connect("app")
    functions = db.run("select oid::regprocedure::text from pg_proc where pronamespace = 'audit'::regnamespace")
    assert len(functions) > 30
    for (function,) in functions:
        name = function.removeprefix("audit.").partition("(")[0]
        if name == "set_actor":
            app.execute(call_of(db, function).encode())
        elif name in PUBLIC:
            hint = "allow_export" if name != "export_rows" else "request_export"
            with refused("42501", "may not export" if name != "export_rows" else "is not valid", hint=hint):
                app.execute(call_of(db, function).encode())
        else:
            with denied("42501"):
                app.execute(call_of(db, function).encode())


def test_everybody_may_execute_exactly_the_listed_functions(db: Database) -> None:
    open_to_all = db.run(
        "select distinct p.proname from pg_proc p "
        "cross join aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a "
        "where p.pronamespace = 'audit'::regnamespace and a.grantee = 0 order by 1"
    )
    assert [name for (name,) in open_to_all] == PUBLIC


SEALS = ("leaves", "nodes", "checkpoints", "incarnations")


@pytest.mark.parametrize("login", ["web", "reader", "admin"])
def test_no_role_that_works_with_the_log_may_write_it(db: Database, login: str) -> None:
    for privilege in ("insert", "update", "delete", "truncate", "trigger", "references"):
        assert may(db, login, privilege) == set()
    assert db.value("select has_schema_privilege(%s, 'audit', 'create')", login) is False
    assert db.value("select has_schema_privilege(%s, 'public', 'create')", login) is False
    assert db.value("select has_database_privilege(%s, current_database(), 'create')", login) is False


def test_each_role_reads_what_its_work_needs(db: Database) -> None:
    assert may(db, "reader", "select") == {
        "audit.report",
        "audit.tracked",
        "audit.migrations",
        *("audit.archives", "audit.unreached"),  # which months to read there, and what must still go
        *("audit.exports", "audit.checkpoints", "audit.anchors"),  # for files and their manifests
        *("audit.log", "audit.events", "audit.shapes", "audit.leaves", "audit.nodes"),  # for proofs
        *("audit.search", "audit.searchable", "audit.searching"),  # to find what goes into them
    }
    web = {
        "audit.events",
        "audit.log",
        "audit.shapes",
        "audit.report",
        "audit.web_users",
        "audit.tracked",
        "audit.migrations",
        "audit.views",
        "audit.exports",
        "audit.erasures",
    }
    seals = {"audit.leaves", "audit.nodes", "audit.checkpoints", "audit.anchors"}
    search = {"audit.search", "audit.searchable", "audit.searching", "audit.activity", "audit.actor_days"}
    kept = {"audit.archives", "audit.holds", "audit.streams", "audit.reached", "audit.unreached"}
    assert may(db, "web", "select") == web | seals | kept | search
    admin = {"audit.events", "audit.log", "audit.shapes", "audit.report", "audit.tracked", "audit.migrations"}
    admin |= {
        "audit.export_rights",
        "audit.erasures",
        "audit.reached",
        "audit.unreached",
        "audit.archives",
        "audit.holds",
        "audit.streams",
    }
    admin |= seals - {"audit.anchors"}  # what an archive takes along
    assert may(db, "admin", "select") == admin
    sealer = {"audit.events", "audit.log", "audit.shapes", "audit.tracked", "audit.migrations"}
    own = {"audit.incarnations", "audit.sealing", "audit.archives"}
    assert may(db, "sealer", "select") == sealer | seals | own | (search - {"audit.searchable"})


def test_the_sealer_adds_seals_and_changes_none(db: Database) -> None:
    assert may(db, "sealer", "insert") == {f"audit.{name}" for name in (*SEALS, "anchors")}
    assert may(db, "sealer", "update") == {"audit.sealing", "audit.anchors"}
    assert may(db, "sealer", "delete") == {"audit.anchors"}
    assert may(db, "sealer", "truncate") == set()
    for table in SEALS:
        for statement in (f"update audit.{table} set", f"delete from audit.{table}", f"truncate audit.{table}"):
            column = db.value(
                "select attname from pg_attribute where attrelid = %s::regclass and attnum = 1", f"audit.{table}"
            )
            with refused("42501", "the audit log is append-only"):
                db.run(f"{statement} {column} = {column}" if statement.endswith("set") else statement)


def test_the_web_application_sees_no_table_of_the_customer(db: Database) -> None:
    for table in ("contacts", "groups", "users", "contact_groups", "user_permissions"):
        with denied():
            db.connect("web").execute(f"select * from {table}".encode())


@pytest.mark.parametrize("action", ["insert", "update", "erase", "configure", "baseline", "view", "export", None])
def test_the_web_application_cannot_record_what_it_does_not_do(db: Database, action: str | None) -> None:
    with refused("42501", "is not the web application's to record", hint="It records sign_in"):
        db.connect("web").execute("select audit.record_access(%s, 'user')", (action,))
    with refused("42501", "is not the web application's to record"):
        db.connect("web").execute("select audit.record_access('denied', 'contact')")


def partitions(db: Database) -> list[str]:
    """The root, this month, the default."""
    month = db.value("select format('audit.log_%s', to_char(now() at time zone 'UTC', 'YYYY_MM'))")
    return ["audit.log", month, "audit.log_default"]


@pytest.mark.parametrize("mode", ["origin", "replica", "local"])
@pytest.mark.parametrize("role", ["postgres", "audit_owner"])
def test_nobody_changes_or_removes_events(db: Database, role: str, mode: str) -> None:
    admin = db.connect("postgres")
    admin.execute("select set_config('session_replication_role', %s, false)", (mode,))
    with admin.transaction(force_rollback=True):
        admin.execute(f"set local role {role}".encode())
        for table in partitions(db):
            for statement in (f"update {table} set actor_id = 'x'", f"delete from {table}", f"truncate {table}"):
                verb = statement.split()[0].upper()
                with refused("42501", f"the audit log is append-only: {verb} on audit.log", hint="auditlog erase"):
                    with admin.transaction():
                        admin.execute(statement.encode())


def test_merge_and_on_conflict_do_not_change_events_either(db: Database) -> None:
    with refused("42501", "the audit log is append-only: UPDATE"):
        db.run("merge into audit.log e using (values (1)) v(n) on true when matched then update set actor_id = 'x'")
    with refused("42501", "the audit log is append-only: DELETE"):
        db.run("merge into audit.log e using (values (1)) v(n) on true when matched then delete")


def test_every_month_made_ahead_is_guarded_like_the_first(db: Database) -> None:
    unguarded = db.run(
        "select c.relname from pg_class c where c.relnamespace = 'audit'::regnamespace and c.relname ~ '^log(_|$)' "
        "and c.relkind in ('r', 'p') and (select count(*) from pg_trigger g where g.tgrelid = c.oid "
        "and g.tgname in ('refuse_mutation', 'refuse_truncate') and g.tgenabled = 'A') <> 2 and %s",
        True,
    )
    assert unguarded == []


def test_every_definer_function_has_a_pinned_path_and_the_owner_without_login(db: Database) -> None:
    loose = db.run(
        "select p.proname from pg_proc p where p.pronamespace = 'audit'::regnamespace and p.prosecdef and "
        "(p.proowner <> 'audit_owner'::regrole "
        "or 'search_path=pg_catalog, pg_temp' <> all (coalesce(p.proconfig, '{}')))"
    )
    assert loose == []
    assert (
        db.value("select rolcanlogin or rolsuper or rolcreaterole from pg_roles where rolname = 'audit_owner'") is False
    )


def test_the_owner_of_everything_in_audit_is_audit_owner(db: Database) -> None:
    others = db.run(
        "select relname from pg_class "
        "where relnamespace = 'audit'::regnamespace and relowner <> 'audit_owner'::regrole "
        "union all select proname from pg_proc "
        "where pronamespace = 'audit'::regnamespace and proowner <> 'audit_owner'::regrole"
    )
    assert others == []


def test_every_trigger_of_capture_and_of_the_guards_is_enabled_always(db: Database) -> None:
    others = db.run(
        "select g.tgrelid::regclass, g.tgname from pg_trigger g join pg_proc p on p.oid = g.tgfoid "
        "where p.pronamespace = 'audit'::regnamespace and g.tgtype & 64 = 0 "  # a trigger of a view has no such switch
        "and g.tgenabled <> case when g.tgname = '!audit_capture_replicated' then 'R' else 'A' end"
    )
    assert others == []
    assert db.value("select count(*) from pg_trigger where tgname ~ '^[!~]audit_capture' and tgenabled = 'A'") == 19
    assert db.value("select evtenabled from pg_event_trigger where evtname = 'audit_follow_ddl'") == "A"


def test_every_function_table_and_view_says_what_it_is_for(db: Database) -> None:
    silent = db.run(
        "select proname from pg_proc p where pronamespace = 'audit'::regnamespace and proname !~ '^(key|stored|large|typed)_' "
        "and coalesce(obj_description(oid, 'pg_proc'), '') = '' union all "
        "select relname from pg_class where relnamespace = 'audit'::regnamespace and relkind in ('r', 'p', 'v') "
        "and not relispartition and coalesce(obj_description(oid, 'pg_class'), '') = ''"
    )
    assert silent == []


def test_every_column_of_the_log_says_what_it_is_for(db: Database) -> None:
    silent = db.run(
        "select attname from pg_attribute where attrelid = 'audit.events'::regclass and attnum > 0 "
        "and not attisdropped and col_description(attrelid, attnum) is null"
    )
    assert silent == []


def test_no_setting_switches_capture_off(db: Database) -> None:
    bodies = db.run(
        "select prosrc from pg_proc p join audit.tracked t on p.proname ~ ('^' || t.row_function || '(_inserts|_updates|_deletes)?$')"
    )
    assert len(bodies) == 5 * 4
    # One setting is read, to tell a worker of logical replication; it alone decides nothing.
    asked = "current_setting('session_replication_role') = 'replica' and audit.in_replication_worker()"
    assert not [body for (body,) in bodies if "current_setting" in body.replace(asked, "")]


def test_an_application_cannot_reach_the_log_through_what_capture_returns(db: Database) -> None:
    new = watch(db)
    app = db.connect()
    returned = app.execute("insert into contacts (id) values (9) returning *").fetchall()
    assert len(returned) == len(new()) == 1
