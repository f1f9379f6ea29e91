"""Every way to write to a table leaves one event for each row that changed, and nothing else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import Database
from tests.sql.support import told, watch

NOTHING: list[tuple[str, str, int | None, int | None]] = []
MERGE = "merge into stock s using delivery d on s.id = d.id"

#: A statement, and what it must leave: action, key, amount before, amount after.
WRITES = {
    "merge inserts": (f"{MERGE} when not matched then insert values (d.id, d.amount)", [("insert", "3", None, 30)]),
    "merge updates": (f"{MERGE} when matched then update set amount = 25", [("update", "2", 20, 25)]),
    "merge deletes": (f"{MERGE} when matched then delete", [("delete", "2", 20, None)]),
    "merge does nothing": (f"{MERGE} when matched then do nothing", NOTHING),
    "merge changes nothing": (f"{MERGE} when matched then update set amount = s.amount", NOTHING),
    "merge does all at once": (
        "merge into stock s using (values (1), (2), (3)) d(id) on s.id = d.id when matched and s.id = 1 then delete "
        "when matched then update set amount = 0 when not matched then insert values (d.id, 30)",
        [("delete", "1", 10, None), ("insert", "3", None, 30), ("update", "2", 20, 0)],
    ),
    "conflict ignored": ("insert into stock values (1, 99), (3, 30) on conflict do nothing", [("insert", "3", None, 30)]),
    "conflict updated": (
        "insert into stock values (1, 99), (3, 30) on conflict (id) do update set amount = excluded.amount",
        [("insert", "3", None, 30), ("update", "1", 10, 99)],
    ),
    "conflict updated to the same": (
        "insert into stock values (1, 99) on conflict (id) do update set amount = stock.amount",
        NOTHING,
    ),
    "conflict that a condition leaves alone": (
        "insert into stock values (1, 99) on conflict (id) do update set amount = 0 where stock.amount > 10",
        NOTHING,
    ),
    "insert select": ("insert into stock select id, amount from delivery where id > 2", [("insert", "3", None, 30)]),
    "update from": (
        "update stock s set amount = s.amount + d.amount from delivery d where d.id = s.id",
        [("update", "2", 20, 25)],
    ),
    "delete using": ("delete from stock s using delivery d where d.id = s.id", [("delete", "2", 20, None)]),
    "returning": ("insert into stock values (3, 30) returning *", [("insert", "3", None, 30)]),
    "a CTE that deletes": (
        "with gone as (delete from stock where id = 1 returning id + 10 as id, amount) insert into stock select * from gone",
        [("delete", "1", 10, None), ("insert", "11", None, 10)],
    ),
    "a CTE that nobody reads": ("with u as (update stock set amount = 0 where id = 1) select 1", [("update", "1", 10, 0)]),
    "three CTEs": (
        "with i as (insert into stock values (3, 30)), d as (delete from stock where id = 1) update stock set amount = 0 where id = 2",
        [("delete", "1", 10, None), ("insert", "3", None, 30), ("update", "2", 20, 0)],
    ),
    "key moved along": (
        "update stock set id = id + 1 where id = 2",
        [("update", "2", 20, 20)],
    ),
    "a DO block": (
        "do $$ begin update stock set amount = 1 where id = 1; update stock set amount = 2 where id = 1; end $$",
        [("update", "1", 1, 2), ("update", "1", 10, 1)],
    ),
    "a caught error": (
        "do $$ begin begin update stock set amount = 1; raise 'no'; exception when others then "
        "update stock set amount = 7 where id = 2; end; end $$",
        [("update", "2", 20, 7)],
    ),
    "a loop": (
        "do $$ begin for n in 3..5 loop insert into stock values (n, n); end loop; end $$",
        [("insert", str(n), None, n) for n in (3, 4, 5)],
    ),
    "dynamic SQL": ("do $$ begin execute 'delete from stock where id = 1'; end $$", [("delete", "1", 10, None)]),
    "a cursor's row": (
        "do $$ declare c cursor for select * from stock order by id for update; r record; begin open c; fetch c into r; "
        "update stock set amount = 11 where current of c; fetch c into r; delete from stock where current of c; end $$",
        [("delete", "2", 20, None), ("update", "1", 10, 11)],
    ),
    "update of no row": ("update stock set amount = 0 where false", NOTHING),
    "delete of no row": ("delete from stock where id = 99", NOTHING),
    "insert of no row": ("insert into stock select * from stock where false", NOTHING),
    "select for update": ("select * from stock for update", NOTHING),
    "select for key share": ("select * from stock for key share", NOTHING),
    "lock table": ("do $$ begin lock table stock; end $$", NOTHING),
    "analyze": ("analyze stock", NOTHING),
    "truncate": ("truncate stock", [("truncate", "1", 10, None), ("truncate", "2", 20, None)]),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "expected"), WRITES.values(), ids=WRITES)
def test_a_statement_leaves_what_it_changed(stock: Database, statement: str, expected: list[Any]) -> None:
    new = watch(stock)
    app = stock.connect("postgres" if statement.startswith("analyze") else "app")
    app.execute(statement.encode())
    assert told(new()) == expected


MERGE_17 = {
    "not matched by source": (
        f"{MERGE} when not matched by source then delete",
        [("delete", "1", 10, None)],
    ),
    "returning": (
        f"{MERGE} when matched then update set amount = 25 when not matched then insert values (d.id, d.amount) returning merge_action(), s.*",
        [("insert", "3", None, 30), ("update", "2", 20, 25)],
    ),
    "in a CTE": (
        f"with m as ({MERGE} when matched then delete returning s.id) insert into stock select id + 10, 0 from m",
        [("delete", "2", 20, None), ("insert", "12", None, 0)],
    ),
}


@pytest.mark.parametrize(("statement", "expected"), MERGE_17.values(), ids=MERGE_17)
def test_what_merge_learned_in_17_is_captured_and_older_servers_refuse_it(
    stock: Database, statement: str, expected: list[Any]
) -> None:
    new = watch(stock)
    if stock.superuser.info.server_version >= 170_000:
        stock.run(statement)
        assert told(new()) == expected
    else:
        with pytest.raises((psycopg.errors.SyntaxError, psycopg.errors.FeatureNotSupported)):
            stock.run(statement)
        assert new() == []


@pytest.mark.parametrize("form", ["text", "binary", "csv"])
def test_copy_leaves_one_event_for_every_row(stock: Database, form: str) -> None:
    new = watch(stock)
    app = stock.connect()
    with app.cursor().copy(f"copy stock (id, amount) from stdin (format {form})".encode()) as copy:
        if form == "csv":
            copy.write("3,30\n4,40\n5,\n")
        else:
            copy.set_types(["int4", "int4"])
            for row in ((3, 30), (4, 40), (5, None)):
                copy.write_row(row)
    assert told(new()) == [("insert", "3", None, 30), ("insert", "4", None, 40), ("insert", "5", None, None)]


def test_copy_that_fails_in_its_last_row_leaves_nothing(stock: Database) -> None:
    new = watch(stock)
    with pytest.raises(psycopg.errors.UniqueViolation), stock.connect().cursor().copy("copy stock from stdin") as copy:
        copy.write("3\t30\t\\N\n3\t30\t\\N\n")
    assert new() == []


def test_a_function_that_writes_and_one_that_runs_as_its_owner_are_captured_with_the_login(stock: Database) -> None:
    stock.run("create role keeper")
    try:
        stock.run("grant all on stock to keeper; revoke all on stock from app; grant create on schema public to keeper")
        stock.run(
            "create function take() returns setof stock language sql security definer as 'update stock set amount = 0 returning *'"
        )
        stock.run("alter function take() owner to keeper")
        new = watch(stock)
        stock.connect().execute("select take()")
        assert told(new()) == [("update", "1", 10, 0), ("update", "2", 20, 0)]
        assert {e["db_user"] for e in new()} == {"app"}
    finally:
        stock.run("drop owned by keeper; drop role keeper")


def test_a_procedure_that_commits_leaves_what_it_committed_and_not_what_it_rolled_back(stock: Database) -> None:
    stock.run(
        "create procedure work() language plpgsql as $$ begin insert into stock values (3, 3); commit; "
        "insert into stock values (4, 4); rollback; update stock set amount = 33 where id = 3; commit; "
        "delete from stock where id = 1; end $$"
    )
    new = watch(stock)
    stock.connect().execute("call work()")
    assert told(new()) == [("delete", "1", 10, None), ("insert", "3", None, 3), ("update", "3", 3, 33)]
    assert len({e["xact_id"] for e in new()}) == 3


def test_savepoints_keep_what_is_released_and_lose_what_is_rolled_back_at_any_depth(stock: Database) -> None:
    new = watch(stock)
    app = stock.connect(autocommit=False)
    for statement in (
        "savepoint a; update stock set amount = 1 where id = 1",
        "savepoint b; update stock set amount = 2 where id = 1",
        "savepoint c; update stock set amount = 3 where id = 1; release c",
        "rollback to b; insert into stock values (3, 30)",
        "savepoint d; delete from stock; rollback to d; release a",
    ):
        app.execute(statement.encode())
    app.commit()
    assert told(new()) == [("insert", "3", None, 30), ("update", "1", 10, 1)]
    assert len({e["xact_id"] for e in new()}) == 1


@pytest.mark.parametrize("ending", ["commit prepared", "rollback prepared"])
def test_a_prepared_transaction_has_its_events_when_it_is_committed_and_not_before(
    stock: Database, ending: str
) -> None:
    if stock.value("show max_prepared_transactions") == "0":
        pytest.fail("this server has max_prepared_transactions = 0; the tests need at least 1")
    name = f"stock {ending} {stock.superuser.info.dbname}"
    new = watch(stock)
    app = stock.connect(autocommit=False)
    app.execute("select audit.set_actor('42', 'Priya')")
    app.execute("update stock set amount = 0 where id = 1")
    app.execute(sql.SQL("prepare transaction {}").format(name))
    app.close()
    assert new() == []
    other = stock.connect()
    other.execute(sql.SQL(ending + " {}").format(name))  # type: ignore[arg-type]
    assert told(new()) == ([("update", "1", 10, 0)] if ending == "commit prepared" else [])
    assert {e["actor_id"] for e in new()} <= {"42"}


def test_a_cursor_held_by_the_client_updates_the_row_it_is_on(stock: Database) -> None:
    new = watch(stock)
    app = stock.connect(autocommit=False)
    app.execute("declare c cursor for select * from stock order by id for update; fetch c")
    app.execute("update stock set amount = 11 where current of c")
    app.execute("fetch c; delete from stock where current of c")
    app.commit()
    assert told(new()) == [("delete", "2", 20, None), ("update", "1", 10, 11)]


def test_an_update_that_waited_for_another_records_the_row_that_it_really_met(stock: Database) -> None:
    new = watch(stock)
    first, second = stock.connect(autocommit=False), stock.connect()
    first.execute("update stock set amount = amount + 1 where id = 1")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second.execute, "update stock set amount = amount * 2 where id = 1")
        while not stock.value(
            "select exists (select from pg_locks where not granted and pid = %s)", second.info.backend_pid
        ):
            assert not waiting.done()
        first.commit()
        waiting.result()
    assert told(new()) == [("update", "1", 10, 11), ("update", "1", 11, 22)]
