"""What the database itself does on a write: triggers, rules, views, foreign keys and the tables a TRUNCATE takes along."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.conftest import Database
from tests.sql.support import actions, told, watch


def trigger(db: Database, body: str, when: str, name: str = "own", table: str = "stock") -> None:
    db.run(f'create or replace function "{name}"() returns trigger language plpgsql as $$ begin {body} end $$')
    db.run(
        f'create {"constraint " if "deferr" in when else ""}trigger "{name}" {when.format(on=f"on {table}")} execute function "{name}"()'
    )


# -- triggers of the table's own -----------------------------------------------------------------


def test_a_before_trigger_that_rewrites_the_row_is_recorded_by_its_result(stock: Database) -> None:
    trigger(
        stock, "new.amount := coalesce(old.amount, 0) + 1; return new;", "before insert or update {on} for each row"
    )
    new = watch(stock)
    stock.run("insert into stock values (3, 500); update stock set amount = 500 where id = 1")
    assert told(new()) == [("insert", "3", None, 1), ("update", "1", 10, 11)]


def test_a_before_trigger_that_takes_the_change_back_leaves_nothing(stock: Database) -> None:
    trigger(stock, "return old;", "before update {on} for each row")
    new = watch(stock)
    stock.run("update stock set amount = 500")
    assert new() == []


def test_a_before_trigger_that_suppresses_the_row_leaves_nothing(stock: Database) -> None:
    trigger(stock, "return null;", "before insert or update or delete {on} for each row")
    new = watch(stock)
    stock.run("insert into stock values (3, 30); update stock set amount = 500; delete from stock")
    assert new() == []


def test_a_before_trigger_that_archives_instead_of_deleting_is_recorded_as_that(stock: Database) -> None:
    trigger(stock, "update stock set note = 'gone' where id = old.id; return null;", "before delete {on} for each row")
    new = watch(stock)
    stock.run("delete from stock where id = 1")
    assert [(e["action"], e["changed_fields"]) for e in new()] == [("update", ["note"])]


@pytest.mark.parametrize("name", ["A first", "zz_last"])
def test_an_after_trigger_that_changes_the_new_row_again_is_recorded_after_its_insert(
    stock: Database, name: str
) -> None:
    trigger(
        stock,
        "update stock set amount = 0 where amount is null; return null;",
        "after insert {on} for each row",
        name,
    )
    new = watch(stock)
    stock.run("insert into stock (id) values (3)")
    assert [(e["action"], e["record_id"]) for e in new()] == [("insert", "3"), ("update", "3")]
    assert stock.run("select amount from audit.as_of(null::stock, clock_timestamp()) where id = 3") == [(0,)]
    assert stock.run("select from audit.status() where problem is not null") == []


@pytest.mark.parametrize("name", ["A first", "zz_last"])
def test_a_trigger_after_a_whole_insert_that_changes_its_rows_again_is_recorded_after_it(
    stock: Database, name: str
) -> None:
    trigger(
        stock,
        "update stock set amount = 0 where amount is null; return null;",
        "after insert {on} for each statement",
        name,
    )
    new = watch(stock)
    stock.run("insert into stock (id) values (3), (4)")
    assert [e["action"] for e in new()] == ["insert", "insert", "update", "update"]
    assert stock.run("select amount from audit.as_of(null::stock, clock_timestamp()) where id > 2") == [(0,), (0,)]
    assert stock.run("select from audit.status() where problem is not null") == []


def test_a_trigger_that_changes_a_row_which_its_own_statement_inserted_elsewhere_is_told_right(
    stock: Database,
) -> None:
    trigger(
        stock,
        "update stock set amount = new.amount where id = new.id; return null;",
        "after insert {on} for each row",
        table="delivery",
    )
    new = watch(stock)
    stock.run("with s as (insert into stock values (3), (4) returning id) insert into delivery select id, 7 from s")
    # In which order the two are written depends on the statement.
    assert sorted(e["action"] for e in new() if e["record_id"] == "3") == ["insert", "update"]
    amounts = "select id, amount from {} where id > 2 order by id"
    told = stock.run(amounts.format("audit.as_of(null::stock, clock_timestamp())"))
    assert told == stock.run(amounts.format("stock")) == [(3, 7), (4, 7)]


def test_an_after_trigger_that_changes_an_updated_row_again_is_recorded_in_an_order_that_replays(
    stock: Database,
) -> None:
    trigger(
        stock,
        "update stock set amount = 1000 where id = new.id and amount > 1000; return null;",
        "after update {on} for each row",
        "a_cap",
    )
    new = watch(stock)
    stock.run("update stock set amount = 5000 where id = 1")
    assert told(new()) == [("update", "1", 10, 5000), ("update", "1", 5000, 1000)]
    assert stock.value("select amount from audit.as_of(null::stock, clock_timestamp()) where id = 1") == 1000


def test_a_deferred_constraint_trigger_writes_its_event_at_commit(stock: Database) -> None:
    trigger(stock, "update stock set note = 'checked' where id = new.id; return null;",
            "after insert {on} deferrable initially deferred for each row")  # fmt: skip
    new = watch(stock)
    app = stock.connect(autocommit=False)
    app.execute("insert into stock values (3, 30)")
    app.execute("delete from stock where id = 1")
    app.commit()
    assert actions(new()) == [("insert", "stock", "3"), ("delete", "stock", "1"), ("update", "stock", "3")]


def test_a_deferred_constraint_that_fails_at_commit_leaves_nothing(stock: Database) -> None:
    trigger(stock, "raise 'not so'; return null;", "after insert {on} deferrable initially deferred for each row")
    new = watch(stock)
    app = stock.connect(autocommit=False)
    app.execute("insert into stock values (3, 30)")
    with pytest.raises(psycopg.errors.RaiseException):
        app.commit()
    assert new() == []


# -- views and rules -----------------------------------------------------------------------------


def test_a_write_through_a_view_is_one_of_its_table(stock: Database) -> None:
    stock.run(
        "create view plenty as select id, amount from stock where amount > 15 with check option; grant all on plenty to app"
    )
    stock.run("revoke all on stock from app")
    new = watch(stock)
    app = stock.connect()
    app.execute("insert into plenty values (3, 30)")
    app.execute("update plenty set amount = amount + 1")
    app.execute("delete from plenty where id = 3")
    assert told(new()) == [
        ("delete", "3", 31, None),
        ("insert", "3", None, 30),
        ("update", "2", 20, 21),
        ("update", "3", 30, 31),
    ]
    assert {(e["table_name"], e["db_user"]) for e in new()} == {("stock", "app")}


def test_an_instead_trigger_of_a_view_is_recorded_by_what_it_does(stock: Database) -> None:
    stock.run("create view short as select id from stock")
    trigger(
        stock, "insert into stock values (new.id, 1); return new;", "instead of insert {on} for each row", table="short"
    )
    new = watch(stock)
    stock.run("insert into short values (3), (4)")
    assert told(new()) == [("insert", "3", None, 1), ("insert", "4", None, 1)]


RULES = {
    "instead of a view's insert": ("insert to short do instead insert into stock values (new.id, 1)", "insert into short values (3)",
                                   [("insert", "3", None, 1)]),
    "instead of a view's delete": ("delete to short do instead update stock set amount = 0 where id = old.id", "delete from short where id = 1",
                                   [("update", "1", 10, 0)]),
    "also another table": ("insert to delivery do also update stock set amount = amount + new.amount where id = new.id",
                           "insert into delivery values (1, 5)", [("update", "1", 10, 15)]),
    "instead of the table's own delete": ("delete to stock do instead update stock set amount = null where id = old.id",
                                          "delete from stock where id = 1", [("update", "1", 10, None)]),
    "instead nothing": ("update to stock do instead nothing", "update stock set amount = 0", []),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "statement", "expected"), RULES.values(), ids=RULES)
def test_a_rule_is_recorded_by_what_it_makes_of_a_statement(
    stock: Database, rule: str, statement: str, expected: list[Any]
) -> None:
    stock.run("create view short as select id from stock")
    stock.run(f"create rule own as on {rule}")
    new = watch(stock)
    stock.run(statement)
    assert told(new()) == expected


# -- foreign keys --------------------------------------------------------------------------------

CASCADES = {
    "delete": ("on delete cascade", "delete from stock where id = 1", [("delete", "lots", "7"), ("delete", "stock", "1")], []),
    "set null": ("on delete set null", "delete from stock where id = 1", [("delete", "stock", "1"), ("update", "lots", "7")], [(7, None)]),
    "set default": ("on delete set default", "delete from stock where id = 1", [("delete", "stock", "1"), ("update", "lots", "7")], [(7, 2)]),
    "update": ("on update cascade", "update stock set id = 11 where id = 1", [("update", "lots", "7"), ("update", "stock", "1")], [(7, 11)]),
    "update to null": ("on update set null", "update stock set id = 11 where id = 1", [("update", "lots", "7"), ("update", "stock", "1")], [(7, None)]),
    "truncate": ("", "truncate stock cascade", [("truncate", "lots", "7"), ("truncate", "stock", "1"), ("truncate", "stock", "2")], []),
}  # fmt: skip


@pytest.mark.parametrize("timing", ["", "deferrable initially deferred"], ids=["at once", "deferred"])
@pytest.mark.parametrize(("clause", "statement", "expected", "left"), CASCADES.values(), ids=CASCADES)
def test_what_a_foreign_key_takes_along_is_recorded_too(
    stock: Database, clause: str, statement: str, expected: list[Any], left: list[Any], timing: str
) -> None:
    stock.run(
        f"create table lots (id integer primary key, stock_id integer default 2 references stock {clause} {timing})"
    )
    stock.run("insert into lots values (7, 1); grant truncate on lots to app")
    stock.run("select audit.track('lots')")
    new = watch(stock)
    stock.connect().execute(statement.encode())
    assert sorted(actions(new())) == expected
    assert {e["db_user"] for e in new()} == {"app"}
    assert stock.run("select * from lots") == left


def test_a_cascade_of_many_levels_in_one_table_records_every_row(db: Database) -> None:
    db.run("create table nodes (id integer primary key, parent integer references nodes on delete cascade)")
    db.run("select audit.track('nodes')")
    db.run("insert into nodes select n, nullif(n - 1, 0) from generate_series(1, 50) n")
    new = watch(db)
    db.run("delete from nodes where id = 1")
    assert sorted(int(e["record_id"]) for e in new()) == list(range(1, 51))
    assert {e["action"] for e in new()} == {"delete"}
