"""Rows of partitioned tables: those that move to another partition, and partitions that look unlike their root."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Database
from tests.sql.conftest import Prepared
from tests.sql.support import actions, watch

#: The last partition has its columns in another order, and a gap where one was dropped.
ORDERS = """
create table orders (id integer not null, year integer not null, note text{key}) partition by range (year);
create table orders_old partition of orders for values from (2000) to (2020);
create table orders_new partition of orders for values from (2020) to (2030) partition by list (year);
create table orders_new_a partition of orders_new for values in (2020, 2021, 2022);
create table orders_new_b partition of orders_new default;
create table orders_next (note text, gone integer, year integer not null, id integer not null);
alter table orders_next drop gone;
alter table orders attach partition orders_next for values from (2030) to (2040);
"""
LEAVES = {"orders_old": 2001, "orders_new_a": 2021, "orders_new_b": 2025, "orders_next": 2031}


def make(db: Database, key: str) -> Database:
    db.run(ORDERS.format(key=key))
    db.run("select audit.track('orders', 'order_line')")
    db.run("grant select, insert, update, delete on all tables in schema public to app")
    return db


@pytest.fixture
def orders(prepared: Prepared) -> Database:
    return prepared("orders", lambda db: make(db, ", primary key (id, year)"))


def same_as_the_log(db: Database) -> bool:
    return sorted(db.run("select * from orders")) == sorted(
        db.run("select * from audit.as_of(null::orders, clock_timestamp())")
    )


def images(events: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
    """Action, and the values before and after in the order of the root's columns."""
    return [
        (e["action"], *(image and (image["id"], image["year"], image["note"]) for image in (e["before"], e["after"])))
        for e in events
    ]


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize("through", ["root", "leaf"])
def test_a_partition_with_other_columns_in_front_is_recorded_by_their_names(
    orders: Database, leaf: str, through: str
) -> None:
    year, into = LEAVES[leaf], leaf if through == "leaf" else "orders"
    new = watch(orders)
    app = orders.connect()
    app.execute(f"insert into {into} (id, year, note) values (7, {year}, 'a')".encode())
    assert same_as_the_log(orders)
    app.execute(f"update {into} set note = 'b' where id = 7".encode())
    app.execute(f"delete from {into} where id = 7".encode())
    app.execute(f"insert into {into} (id, year, note) values (8, {year}, repeat('x', 9000))".encode())
    orders.run(f"truncate {leaf}")
    long = "x" * 9000
    assert images(new()) == [
        ("insert", None, (7, year, "a")),
        ("update", (7, year, "a"), (7, year, "b")),
        ("delete", (7, year, "b"), None),
        ("insert", None, (8, year, long)),
        ("truncate", (8, year, long), None),
    ]
    assert {(e["table_name"], e["record_id"]) for e in new()} == {
        ("orders", f"[7, {year}]"),
        ("orders", f"[8, {year}]"),
    }


@pytest.mark.parametrize("start", LEAVES)
@pytest.mark.parametrize("end", LEAVES)
@pytest.mark.parametrize("masked", ["{}", "{note}"], ids=["clear", "masked"])
def test_a_row_that_moves_is_one_update_under_its_old_key(orders: Database, start: str, end: str, masked: str) -> None:
    orders.run(f"select audit.track('orders', mask => '{masked}')")
    was, then = LEAVES[start], LEAVES[end] + (start == end)
    orders.run(f"insert into orders values (7, {was}, 'a')")
    new = watch(orders)
    orders.connect().execute(f"update orders set year = {then}".encode())
    (event,) = new()
    assert (event["action"], event["record_id"], event["changed_fields"]) == ("update", f"[7, {was}]", ["year"])
    assert (event["before"]["year"], event["after"]["year"]) == (was, then)
    if masked == "{}":
        assert same_as_the_log(orders)
        orders.run(orders.value("select audit.restore_sql(%s)", event["event_id"]))
        assert orders.run("select * from orders") == [(7, was, "a")]


SEVERAL = {
    "many rows": ("update orders set year = year + 20", [(n, 2001, n, 2021) for n in (1, 2, 3)]),
    "the key changes too": ("update orders set year = 2031, id = id + 10 where id = 1", [(1, 2001, 11, 2031)]),
    "some move and some stay": (
        "update orders set year = case id when 2 then 2002 else 2031 end",
        [(1, 2001, 1, 2031), (2, 2001, 2, 2002), (3, 2001, 3, 2031)],
    ),
    "merge": (
        "merge into orders o using (values (1), (3)) v(id) on o.id = v.id when matched then update set year = 2025",
        [(1, 2001, 1, 2025), (3, 2001, 3, 2025)],
    ),
    "a CTE": (
        "with m as (update orders set year = 2021 where id = 1 returning id) update orders set year = 2031 where id = 2",
        [(1, 2001, 1, 2021), (2, 2001, 2, 2031)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "moves"), SEVERAL.values(), ids=SEVERAL)
def test_several_rows_that_move_in_one_statement_are_one_update_each(
    orders: Database, statement: str, moves: list[tuple[int, ...]]
) -> None:
    orders.run("insert into orders values (1, 2001, 'a'), (2, 2001, 'b'), (3, 2001, 'c')")
    new = watch(orders)
    orders.connect().execute(statement.encode())
    events = new()
    assert {e["action"] for e in events} == {"update"}
    told = [(e["before"]["id"], e["before"]["year"], e["after"]["id"], e["after"]["year"]) for e in events]
    assert sorted(told) == sorted(moves)
    assert {e["record_id"] for e in events} == {f"[{i}, {year}]" for i, year, *_ in moves}
    assert same_as_the_log(orders)


TWO_STATEMENTS = {
    "same key elsewhere": "delete from orders where id = 1; insert into orders values (1, 2025, 'a')",
    "same key, same place": "delete from orders where id = 1; insert into orders values (1, 2001, 'a')",
    "in a DO block": "do $$ begin delete from orders where id = 1; insert into orders values (1, 2025, 'a'); end $$",
    "with a savepoint between": "begin; delete from orders where id = 1; savepoint s; insert into orders values (1, 2025, 'a'); commit",
    "with a claim that it moved": "begin; delete from orders where id = 1; select set_config('audit.last_delete_1', "
    "'{delete}', true); insert into orders values (1, 2025, 'a'); commit",
}


@pytest.mark.parametrize("statements", TWO_STATEMENTS.values(), ids=TWO_STATEMENTS)
def test_a_delete_and_an_insert_in_two_statements_stay_two_events(orders: Database, statements: str) -> None:
    orders.run("insert into orders values (1, 2001, 'a')")
    new = watch(orders)
    delete = orders.value("select max(event_id) + 1 from audit.log")
    orders.connect().execute(statements.format(delete=delete).encode())
    assert [e["action"] for e in new()] == ["delete", "insert"]
    assert same_as_the_log(orders)


UNRELATED = {
    "merge": "merge into orders o using (values (1, 2001), (2, 2031)) v(id, year) on o.id = v.id "
    "when matched then delete when not matched then insert values (v.id, v.year, 'new')",
    "a CTE": "with gone as (delete from orders returning 1) insert into orders select 2, 2031, 'new' from gone",
    "after an update that failed": "do $$ begin update orders set year = 2100; exception when others then null; end $$; "
    "with gone as (delete from orders returning 1) insert into orders select 2, 2031, 'new' from gone",
}


@pytest.mark.parametrize("statement", UNRELATED.values(), ids=UNRELATED)
def test_a_statement_that_deletes_one_row_and_inserts_another_leaves_two_events(
    orders: Database, statement: str
) -> None:
    orders.run("insert into orders values (1, 2001, 'a')")
    new = watch(orders)
    app = orders.connect(autocommit=False)
    app.execute("update orders set year = year")  # which has ended, whatever anybody claims
    app.execute("select set_config('audit.moving', n::text, true) from generate_series(0, 1) n")
    app.execute(statement.encode())
    app.commit()
    assert sorted(actions(new())) == [("delete", "orders", "[1, 2001]"), ("insert", "orders", "[2, 2031]")]
    assert orders.run("select from audit.moving") == []


def test_a_row_that_moves_there_and_back_in_one_transaction_is_two_updates(orders: Database) -> None:
    orders.run("insert into orders values (1, 2001, 'a')")
    new = watch(orders)
    app = orders.connect(autocommit=False)
    app.execute("update orders set year = 2031")
    app.execute("update orders set year = 2001")
    app.commit()
    assert actions(new()) == [("update", "orders", "[1, 2001]"), ("update", "orders", "[1, 2031]")]
    assert same_as_the_log(orders)


def test_a_move_that_is_rolled_back_leaves_nothing(orders: Database) -> None:
    orders.run("insert into orders values (1, 2001, 'a')")
    new = watch(orders)
    app = orders.connect(autocommit=False)
    app.execute("savepoint s; update orders set year = 2031; rollback to s")
    app.execute("insert into orders values (1, 2021, 'b')")
    app.commit()
    assert [e["action"] for e in new()] == ["insert"]


def test_an_insert_that_meets_a_conflict_updates_in_its_partition(orders: Database) -> None:
    orders.run("insert into orders values (1, 2001, 'a'), (2, 2031, 'b')")
    new = watch(orders)
    orders.connect().execute(
        "insert into orders values (1, 2001, 'x'), (2, 2031, 'y'), (3, 2031, 'z') on conflict (id, year) do update set note = excluded.note"
    )
    assert images(new()) == [
        ("update", (1, 2001, "a"), (1, 2001, "x")),
        ("update", (2, 2031, "b"), (2, 2031, "y")),
        ("insert", None, (3, 2031, "z")),
    ]


def test_rows_without_a_key_that_move_are_recorded_with_both_images(db: Database) -> None:
    orders = make(db, "")
    orders.run("insert into orders values (1, 2001, 'a'), (1, 2001, 'a')")
    new = watch(orders)
    orders.connect().execute("update orders set year = 2031")
    told = images(new())
    assert {e["record_id"] for e in new()} == {None}
    if [action for action, *_ in told] == ["update", "update"]:
        assert told == [("update", (1, 2001, "a"), (1, 2031, "a"))] * 2
    else:  # nothing tells that the new row is the old one
        assert sorted(told, key=str) == sorted(
            [("delete", (1, 2001, "a"), None), ("insert", None, (1, 2031, "a"))] * 2, key=str
        )


def test_a_row_that_a_trigger_moves_while_others_move_is_one_update_too(orders: Database) -> None:
    orders.run("insert into orders values (1, 2001, 'a'), (2, 2001, 'b'), (3, 2001, 'c')")
    orders.run(
        "create function along() returns trigger language plpgsql as "
        "$$ begin update orders set year = 2031 where id = 3 and year < 2031; return null; end $$"
    )
    orders.run("create trigger along after delete on orders for each row execute function along()")
    new = watch(orders)
    orders.run("update orders set year = 2021 where id < 3")
    assert {(e["action"], e["record_id"]) for e in new()} == {("update", f"[{n}, 2001]") for n in (1, 2, 3)}
    assert same_as_the_log(orders)
    assert orders.run("select from audit.moving") == []


def test_a_row_that_moves_after_an_unfollowed_change_of_columns_is_one_update_too(orders: Database) -> None:
    """And of rows that were there, a column of a partitioned table has the default that it was added with."""
    orders.run("insert into orders values (1, 2001, 'a'), (2, 2001, 'b')")
    orders.run("alter table orders add paid boolean default false")
    assert same_as_the_log(orders)
    orders.run("alter event trigger audit_follow_ddl disable")
    orders.run("alter table orders add extra text")
    new = watch(orders)
    orders.run("update orders set year = 2031, extra = 'x'")
    assert [(e["action"], e["record_id"], e["changed_fields"]) for e in new()] == [
        ("update", f"[{n}, 2001]", ["extra", "year"]) for n in (1, 2)
    ]
    assert same_as_the_log(orders)


def test_no_policy_of_a_table_is_run_as_the_owner_of_the_log(db: Database) -> None:
    db.run("create table spied (who name)")
    db.run("grant insert on spied to public")
    db.run(
        "create function spy() returns boolean language plpgsql as "
        "$$begin insert into public.spied values (current_user); return true; end$$"
    )
    db.run("create table moving (id int primary key, note text) partition by range (id)")
    db.run("create table low partition of moving for values from (0) to (10)")
    db.run("create table high partition of moving for values from (10) to (20)")
    db.run("select audit.track('moving'); alter table moving enable row level security")
    db.run("create policy trap on moving using (spy())")
    # As where no superuser has migrated.
    with db.superuser.transaction(force_rollback=True):
        db.run("alter role audit_owner nobypassrls")
        db.run("insert into moving values (1, 'x')")
        db.run("update moving set id = 11")
        assert db.run("select * from spied") == []
        assert [e["action"] for e in db.events()] == ["insert", "delete", "insert"]
