"""TRUNCATE: every row that it removes is recorded, and nothing that it does not."""

from __future__ import annotations

import psycopg
import pytest

from tests.conftest import Connection, Database
from tests.sql.support import actions, refused, told, watch


@pytest.mark.parametrize("how", ["", " restart identity", " continue identity", " cascade"])
def test_a_truncate_of_several_tables_records_the_rows_of_each(stock: Database, how: str) -> None:
    stock.run("create table bins (id integer generated always as identity primary key, amount integer)")
    stock.run("insert into bins (amount) values (1), (2); select audit.track('bins')")
    new = watch(stock)
    stock.run(f"truncate stock, bins, delivery{how}")
    assert sorted(actions(new())) == [("truncate", "bins", "1"), ("truncate", "bins", "2"),
                                      ("truncate", "stock", "1"), ("truncate", "stock", "2")]  # fmt: skip
    stock.run("insert into bins (amount) values (3)")
    assert new()[-1]["record_id"] == ("1" if "restart" in how else "3")


def test_a_truncate_that_is_rolled_back_leaves_nothing_and_one_after_writes_takes_them_along(stock: Database) -> None:
    new = watch(stock)
    app = stock.connect(autocommit=False)
    app.execute("savepoint s; truncate stock; rollback to s")
    app.execute("update stock set amount = 0 where id = 1; truncate stock; insert into stock values (1, 1)")
    app.commit()
    assert [e["action"] for e in new()] == ["update", "truncate", "truncate", "insert"]
    assert sorted(told(new())[1:3], key=str) == [("truncate", "1", 0, None), ("truncate", "2", 20, None)]
    assert stock.run("select id, amount from audit.as_of(null::stock, clock_timestamp())") == [(1, 1)]


def test_what_a_trigger_before_a_truncate_does_to_the_rows_is_recorded_before_they_are(stock: Database) -> None:
    stock.run(
        "create function own() returns trigger language plpgsql as "
        "$$ begin update stock set note = 'gone'; delete from stock where id = 2; return null; end $$"
    )
    stock.run("create trigger own before truncate on stock execute function own()")
    new = watch(stock)
    stock.run("truncate stock")
    assert sorted((e["action"], e["record_id"]) for e in new()[:-1]) == [
        ("delete", "2"),
        ("update", "1"),
        ("update", "2"),
    ]
    assert [(e["action"], e["before"]["note"]) for e in new()[-1:]] == [("truncate", "gone")]


# -- in a transaction that sees the rows of when it began ----------------------------------------

NOT_SEEN = "could not serialize access: rows may have been committed since this transaction began"


def old(db: Database, level: str) -> Connection:
    connection = db.connect(autocommit=False)
    connection.execute(f"set transaction isolation level {level}".encode())
    connection.execute("select 1")
    return connection


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_truncate_that_would_remove_rows_which_its_transaction_does_not_see_is_told_to_try_again(
    stock: Database, level: str
) -> None:
    new = watch(stock)
    app = old(stock, level)
    stock.run("insert into stock values (3, 30)")
    with refused("40001", NOT_SEEN, detail="missing in the audit log", hint="Try the transaction again"):
        app.execute("truncate stock")
    app.rollback()
    assert stock.value("select count(*) from stock") == 3
    app.execute(f"set transaction isolation level {level}".encode())
    app.execute("truncate stock")
    app.commit()
    assert sorted(actions(new())) == [("insert", "stock", "3"), *(("truncate", "stock", str(n)) for n in (1, 2, 3))]


def test_so_it_is_where_the_writer_had_begun_before(stock: Database) -> None:
    writer = stock.connect(autocommit=False)
    writer.execute("insert into stock values (3, 30)")
    app = old(stock, "repeatable read")
    writer.commit()
    with refused("40001", NOT_SEEN):
        app.execute("truncate stock")


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_it_records_every_row_where_nobody_has_written_since_or_what_they_wrote_is_rolled_back(
    stock: Database, level: str
) -> None:
    new = watch(stock)
    app = old(stock, level)
    writer = stock.connect(autocommit=False)
    writer.execute("insert into stock values (3, 30)")
    writer.rollback()
    app.execute("savepoint s")
    app.execute("insert into stock values (4, 40)")
    app.execute("release s; truncate stock")
    app.commit()
    assert [e["action"] for e in new()] == ["insert", "truncate", "truncate", "truncate"]


def test_a_baseline_with_an_older_view_is_told_to_try_again(things: Database) -> None:
    admin = things.connect("postgres", autocommit=False)
    admin.execute("set transaction isolation level repeatable read")
    admin.execute("select 1")
    things.run("insert into things values (3)")
    with refused("40001", NOT_SEEN):
        admin.execute("select audit.track('things', baseline => true)")
    admin.rollback()
    with pytest.raises(psycopg.errors.UndefinedObject):
        things.run("select audit.record_baseline('things')")
