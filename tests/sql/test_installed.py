"""Functions and the event trigger that are the same for every table: that they are those that migrate made."""

from __future__ import annotations

import threading

import pytest

from tests.conftest import Database
from tests.sql.support import problems
from webapp import searching
from webapp.migrations import migrate

NOTHING = "language plpgsql as 'begin return null; end'"
REPLACED = {
    "of truncate": (
        f"create or replace function audit.capture_truncate() returns trigger {NOTHING}",
        "capture_truncate",
    ),
    "of changed tables": (
        'create or replace function audit.capture_slowly(tracked_id integer, action "char", was record, is_now record, '
        "moved_from bigint default null, known_key text default null) returns bigint language plpgsql as 'begin return null; end'",
        "capture_slowly",
    ),
    "that asks for changes": (
        "create or replace function audit.is_current(shape_id integer) returns boolean language sql immutable "
        "as 'select true'",
        "is_current",
    ),
    "of moves": (f"create or replace function audit.note_moves() returns trigger {NOTHING}", "note_moves"),
    "of the guard": (
        f"create or replace function audit.refuse_mutation() returns trigger {NOTHING}",
        "refuse_mutation",
    ),
    "with a setting of its own": ("alter function audit.moved_from set search_path = public", "moved_from"),
    "with another owner": ("alter function audit.set_actor owner to postgres", "set_actor"),
    "that is gone": ("drop function audit.history", "history"),
    "that follows the schema": (
        "create or replace function audit.follow_ddl() returns event_trigger language plpgsql as 'begin end'",
        "follow_ddl",
    ),
    "switched off": ("alter event trigger audit_follow_ddl disable", "audit_follow_ddl"),
    "not for replicas": ("alter event trigger audit_follow_ddl enable", "audit_follow_ddl"),
    "dropped": ("drop event trigger audit_follow_ddl", "audit_follow_ddl"),
}


@pytest.mark.parametrize(("damage", "named"), REPLACED.values(), ids=REPLACED)
def test_status_sees_a_function_or_event_trigger_that_is_not_the_installed_one_and_migrate_puts_it_back(
    db: Database, damage: str, named: str
) -> None:
    assert problems(db) == []
    db.run(damage)
    (problem,) = problems(db)
    assert "run auditlog migrate" in problem
    assert db.value("select table_name from audit.status() where problem is not null") == f"audit.{named}"
    assert any(named in name or "watch_ddl" in name for name in migrate(db.url))
    assert problems(db) == []
    assert migrate(db.url) == []


def test_a_replaced_function_leaves_an_event_and_so_does_putting_it_back(db: Database) -> None:
    db.run(f"create or replace function audit.capture_truncate() returns trigger {NOTHING}")
    db.run("create table anything ()")
    migrate(db.url)
    told = [e["context"]["configure"] for e in db.events("action = 'configure' and entity = 'log'")]
    assert [(d["did"], d["file"], d.get("command")) for d in told] == [
        ("break", "capture_truncate.sql", "CREATE FUNCTION"),
        ("mend", "capture_truncate.sql", "CREATE FUNCTION"),
    ]


def test_migrate_puts_the_guards_back_and_gives_a_month_to_what_fell_into_the_default_partition(db: Database) -> None:
    db.run("alter table audit.log disable trigger refuse_mutation; drop trigger refuse_truncate on audit.leaves")
    db.run(
        "insert into audit.log (occurred_at, shape_id, action) values ('2099-01-01', audit.find_subject('report'), 'v')"
    )
    assert len(problems(db)) == 3
    migrate(db.url)
    assert problems(db) == []
    assert db.value("select tableoid::regclass::text from audit.log where occurred_at > now()") == "audit.log_2099_01"


@pytest.mark.parametrize(
    "lose",
    [
        "create trigger lose before insert on audit.log for each row execute function suppress_redundant_updates_trigger()",
        "create rule lose as on insert to audit.log_default do instead nothing",
    ],
    ids=["trigger", "rule"],
)
def test_status_sees_a_trigger_or_rule_that_could_keep_events_from_the_log(passing: Database, lose: str) -> None:
    passing.run("alter event trigger audit_follow_ddl disable")
    passing.run(lose)
    assert any("A trigger or rule that is no part of the audit log" in problem for problem in problems(passing))


LAST_MONTH_MADE = """
select format('audit.%I', max(c.relname)) from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'audit.log'::regclass and c.relname ~ '^log_[0-9]'
"""


def test_a_server_that_runs_makes_the_next_months(db: Database) -> None:
    last = db.value(LAST_MONTH_MADE)
    db.run(f"drop table {last}")
    stop = threading.Event()
    thread = searching.follow(db.url_of("web"), stop)
    while db.value("select to_regclass(%s)", last) is None:
        assert thread.is_alive()
        stop.wait(0.05)
    stop.set()
    thread.join(30)


def test_a_replaced_function_that_always_sees_changes_does_not_make_a_command_go_on_for_ever(db: Database) -> None:
    calls = "select coalesce(sum(calls), 0) from pg_stat_user_functions where funcname = 'regenerate'"
    db.run(
        "create or replace function audit.is_current(shape_id integer) returns boolean language sql immutable as 'select false'"
    )
    admin = db.connect("postgres")
    admin.execute("set track_functions = 'all'; set statement_timeout = '60s'")
    tracked = db.value("select count(*) from audit.tracked")
    admin.execute("alter table contacts add extra text")
    admin.execute("select pg_stat_force_next_flush()")
    assert db.value(calls) == tracked
    db.connect().execute("insert into contacts (first_name) values ('Ada')")
    assert db.last()["after"]["extra"] is None


ALTERED = {
    "searching": "alter table audit.searching add column x integer",
    "log": "alter table audit.log alter column db_user set default 'somebody'",
    "search": "alter table audit.search enable row level security; create policy hiding on audit.search using (actor_id <> '7')",
    "activity": "create rule hiding as on insert to audit.activity do instead nothing",
    "actor_days": "create trigger hiding before insert on audit.actor_days for each row execute function suppress_redundant_updates_trigger()",
    "report": "alter view audit.report set (security_barrier = true)",
}


def test_whoever_changes_what_a_table_or_view_of_the_log_means_is_told_of(passing: Database) -> None:
    db = passing
    body = db.value("select pg_get_viewdef('audit.events'::regclass)").replace(
        "WHERE", "WHERE l.actor_id <> '7' AND", 1
    )
    changes = ALTERED | {"events": f"create or replace view audit.events as {body}"}
    for name, change in changes.items():
        with db.superuser.transaction(force_rollback=True):
            db.run(change)
            assert [
                table for (table,) in db.run("select table_name from audit.status() where problem is not null")
            ] == [f"audit.{name}"], change
            db.run("select audit.note_relations(array(select name from audit.altered))")
            assert problems(db), "what was changed before is not right because of a migration"
    assert problems(db) == []
