"""What is captured once per statement: whatever can be, without an event that comes before the one it follows from."""

from __future__ import annotations

import psycopg
import pytest

from tests.conftest import Database
from tests.sql.support import problems, unfollowed, watch

THINGS = "create table things (id integer primary key, v integer, other integer)"
NOTHING = "create function nothing() returns trigger language plpgsql as 'begin return new; end'"

ALL = ["insert", "update", "delete"]
AFTERWARDS = {
    "nothing happens": ("", ALL),
    "a trigger after inserted rows": (
        "create trigger own after insert on things for each row execute function nothing()",
        ["update", "delete"],
    ),
    "a trigger after changed and deleted rows": (
        "create trigger own after update or delete on things for each row execute function nothing()",
        ["insert"],
    ),
    "a trigger after a statement": ("create trigger own after update on things execute function nothing()", ALL),
    "a trigger before": ("create trigger own before update on things for each row execute function nothing()", ALL),
    "a foreign key that only refuses": ("create table parts (thing integer references things)", ALL),
    "a foreign key that deletes": (
        "create table parts (thing integer references things on delete cascade)",
        ["insert", "update"],
    ),
    "a foreign key that follows": (
        "create table parts (thing integer references things on update cascade)",
        ["insert", "delete"],
    ),
    "a foreign key to itself": (
        "alter table things add foreign key (other) references things on update set null on delete set null",
        ["insert"],
    ),
    "a foreign key by which its rows are deleted": (
        "alter table things add foreign key (other) references wholes on delete cascade",
        ALL,
    ),
    "a foreign key by which its rows are changed": (
        "alter table things add foreign key (other) references wholes on update cascade on delete set null",
        ALL,
    ),
    "a foreign key by which its rows are changed and deleted": (
        "alter table things add foreign key (other) references wholes on update cascade on delete cascade",
        ["insert", "delete"],
    ),
    "foreign keys by which its rows are changed and deleted": (
        "alter table things add foreign key (other) references wholes on delete cascade, "
        "add foreign key (v) references wholes on delete set null",
        ["insert", "delete"],
    ),
    "a child": ("create table child () inherits (things)", ["insert"]),
}


@pytest.mark.parametrize(("afterwards", "by_statement"), AFTERWARDS.values(), ids=AFTERWARDS)
def test_actions_after_whose_rows_nothing_else_happens_are_captured_by_statement(
    db: Database, afterwards: str, by_statement: list[str]
) -> None:
    """And a change of that is followed, before and after capture was set up."""
    kept = "select by_statement from audit.tracked where table_name = 'things'"
    db.run(f"{THINGS}; {NOTHING}; create table wholes (id integer primary key); select audit.track('things')")
    db.run("insert into wholes select generate_series(1, 3)")
    assert db.value(kept) == ALL
    db.run(afterwards or "select")
    assert db.value(kept) == by_statement
    assert problems(db) == []
    db.run("select audit.untrack('things'); select audit.track('things')")
    assert db.value(kept) == by_statement
    new = watch(db)
    db.run("insert into things values (1, 1, null), (2, 2, 1); update things set v = v + 1; delete from things")
    assert [e["action"] for e in new() if e["action"] in ALL] == [
        *["insert"] * 2,
        *["update"] * 2,
        *["delete"] * 2,
    ]


def test_masked_columns_need_both_rows_side_by_side(db: Database) -> None:
    db.run(f"{THINGS}; select audit.track('things', mask => '{{v}}')")
    assert db.value("select by_statement from audit.tracked where table_name = 'things'") == ["insert", "delete"]


def test_a_column_that_is_masked_because_it_came_later_needs_both_rows_too(db: Database) -> None:
    db.run(f"{THINGS}; select audit.track('things', exclude => '{{other}}'); insert into things values (1, 1, 1)")
    assert db.value("select by_statement from audit.tracked where table_name = 'things'") == ALL
    db.run("alter table things add extra text")
    new = watch(db)
    db.run("update things set extra = 'x'")
    assert [(e["action"], e["changed_fields"]) for e in new()] == [("update", ["extra"])]
    assert problems(db) == []
    db.run("select audit.track('things')")
    assert db.value("select by_statement from audit.tracked where table_name = 'things'") == ALL


def test_a_foreign_key_that_could_not_be_followed_is_told(db: Database) -> None:
    unfollowed(db)
    db.run(
        f"{THINGS}; select audit.track('things'); create table parts (t integer references things on delete cascade)"
    )
    (problem,) = problems(db)
    assert "What happens after its rows are written, by triggers of its own or by foreign keys, has changed" in problem
    db.run("select audit.refresh('things')")
    assert problems(db) == []


def test_a_row_that_foreign_keys_change_and_delete_in_one_statement_is_deleted_last(db: Database) -> None:
    db.run(
        "create table wholes (id integer primary key); create table parts (id integer primary key, "
        "a integer references wholes on delete cascade, b integer references wholes on delete set null)"
    )
    db.run("select audit.track('parts'); insert into wholes values (1), (2); insert into parts values (10, 2, 1)")
    new = watch(db)
    db.run("delete from wholes")
    assert [(e["action"], e["before"]["b"]) for e in new()] == [("update", 1), ("delete", None)]


def test_what_foreign_keys_change_twice_in_one_statement_is_told_in_its_order(db: Database) -> None:
    """Though the plan was made for one row, and many rows do not fit into memory."""
    db.run(
        "create table wholes (id integer primary key); create table parts (id integer primary key, "
        "a integer references wholes on delete set null, b integer references wholes on delete set null)"
    )
    db.run("select audit.track('parts'); insert into wholes values (1), (2)")
    db.run(
        "insert into parts values (0); update parts set id = -1; insert into parts select generate_series(1, 20000), 1, 2"
    )
    db.run("set work_mem = '64kB'; delete from wholes; reset work_mem")
    first, then = "after->>'a' is null and after->>'b' is not null", "after->>'a' is null and after->>'b' is null"
    assert db.run(
        "select count(*), count(*) filter (where first < last) from (select "
        f"min(event_id) filter (where {first}) as first, max(event_id) filter (where {then}) as last "
        "from audit.events where action = 'update' and before->>'b' is not null group by record_id) e"
    ) == [(20_000, 20_000)]


def test_however_many_rows_and_however_little_memory_each_update_has_its_own_two_images(db: Database) -> None:
    db.run(
        f"{THINGS}; select audit.track('things'); insert into things select n, n, 0 from generate_series(1, 30000) n"
    )
    db.run("set work_mem = '64kB'; update things set v = -v, other = id where id % 3 > 0; reset work_mem")
    assert db.run(
        "select count(*), count(*) filter (where before->>'id' = after->>'id' and after->>'other' = record_id "
        "and (before->>'v')::int = -(after->>'v')::int) from audit.events where action = 'update'"
    ) == [(20_000, 20_000)]


def test_a_limit_on_temporary_files_refuses_an_update_whose_two_images_it_does_not_hold(passing: Database) -> None:
    passing.run(
        f"{THINGS}; select audit.track('things'); insert into things select n, n, 0 from generate_series(1, 5000) n"
    )
    new = watch(passing)
    passing.run("set local work_mem = '64kB'; set local temp_file_limit = '100kB'")
    with pytest.raises(psycopg.errors.ConfigurationLimitExceeded), passing.superuser.transaction():
        passing.run("update things set v = -v")
    passing.run("update things set v = -v where id < 10")
    passing.run("set local work_mem to default; set local temp_file_limit to default")
    assert [e["record_id"] for e in new()] == [str(n) for n in range(1, 10)]


def test_a_statement_that_changes_no_row_opens_nothing_of_the_log(shared: Database) -> None:
    app = shared.connect()
    with app.transaction():
        app.execute("update contacts set phone = '1' where false; delete from contact_groups where false")
        assert not app.execute(
            "select from pg_locks l join pg_class c on c.oid = l.relation "
            "where l.pid = pg_backend_pid() and c.relnamespace = 'audit'::regnamespace"
        ).fetchall()


def test_a_plan_made_for_many_rows_is_not_compiled_again_for_each_one(shared: Database) -> None:
    """Compiling takes 200 ms. Servers of tests cannot, and PostgreSQL does it unasked where it can."""
    assert shared.run(
        "select count(*), count(*) filter (where 'jit=off' = any (proconfig)) from pg_proc "
        "where pronamespace = 'audit'::regnamespace and proname ~ '^capture_.*_(inserts|updates|deletes)$'"
    ) == [(15, 15)]
