"""as_of and restore_sql give back what a column held, to the letter, whatever became of the column since."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.conftest import Database
from tests.sql.support import refused, status, watch


def as_of(db: Database, what: str, at: Any = None, table: str = "things") -> list[tuple[Any, ...]]:
    at = db.value("select clock_timestamp()") if at is None else at
    return db.run(f"select {what} from audit.as_of(null::{table}, %s) t order by id", at)


@pytest.fixture
def tracked(things: Database) -> Database:
    things.run("select audit.track('things', 'thing', baseline => true)")
    return things


#: Values that JSON, or the type of a column, would not give back as they are.
TEXTS = {
    "a JSON null": ("jsonb", "'null'", "null"),
    "a JSON text": ("jsonb", "'\"x\"'", "null"),
    "the text of a json": ("json", '\'{"b":  1.0, "b": 2}\'', "'null'"),
    "bounds of an array": ("integer[]", "'[0:2]={7,8,9}'", "'{7,8,9}'"),
    "json in an array": ("json[]", "array['null', '{\"a\":  1}']::json[]", "array[null]::json[]"),
    "a word for null": ("text", "'null'", "null"),
    "bytes": ("bytea", "'\\x00ff5c'", "'\\x'"),
    "a number's zeros": ("numeric", "1.10", "1.1"),
}


@pytest.mark.parametrize("level", ["", "masked"])
@pytest.mark.parametrize(("kind", "value", "other"), TEXTS.values(), ids=TEXTS)
def test_a_value_comes_back_to_the_letter(passing: Database, kind: str, value: str, other: str, level: str) -> None:
    db = passing
    db.run(f"create table exact (id integer primary key, v {kind}, pin text)")
    db.run("select audit.track('exact', mask => %s)", ["pin"] if level else [])
    db.run(f"insert into exact values (1, {value})")
    new, held = watch(db), "select v::text from exact"
    (was,) = db.run(held)
    db.run(f"update exact set v = {other}")
    (event,) = new()
    assert event["changed_fields"] == ["v"]
    assert as_of(db, "v::text", event["occurred_at"], "exact") == db.run(held) != [was]
    db.run(db.value("select audit.restore_sql(%s)", event["event_id"]))
    assert as_of(db, "v::text", table="exact") == db.run(held) == [was]
    db.run("delete from exact")
    db.run(db.value("select audit.restore_sql(%s)", new()[-1]["event_id"]))
    assert db.run(held) == [was]


# -- columns that are not what they were ---------------------------------------------------------


def test_rows_that_nobody_has_written_to_since_are_read_under_the_names_of_today(tracked: Database) -> None:
    tracked.run(
        "alter table things rename id to number; alter table things rename name to aside; "
        "alter table things rename pin to name; alter table things rename aside to pin"
    )
    held = tracked.run("select * from things order by number")
    told = "select * from audit.as_of(null::things, clock_timestamp()) order by number"
    assert tracked.run(told) == held == [(1, "one", "p", "red"), (2, "two", "p", "red")]
    new = watch(tracked)
    tracked.run("delete from things where number = 1")
    assert tracked.run(told) == held[1:]
    (event,) = new()
    tracked.run("alter table things rename pin to label")
    tracked.run(tracked.value("select audit.restore_sql(%s)", event["event_id"]))
    assert tracked.run("select * from things order by number") == held


def test_a_column_made_again_under_its_old_name_does_not_hold_what_the_other_one_held(tracked: Database) -> None:
    tracked.run("alter table things drop colour; alter table things add colour text")
    assert as_of(tracked, "colour") == [(None,), (None,)]


DEFAULTS = {
    "text": ("text default 'x,\"y'", 'x,"y'),
    "time": ("timestamptz default '2026-01-01 00:00+05'", "2025-12-31 19:00:00+00"),
    "array": ("integer[] default '[0:1]={1,2}'", "[0:1]={1,2}"),
    "of the moment": ("text default clock_timestamp()::text", None),
}


@pytest.mark.parametrize(("kind", "value"), DEFAULTS.values(), ids=DEFAULTS)
def test_a_column_that_is_added_with_a_default_has_it_from_then_on(
    tracked: Database, kind: str, value: str | None
) -> None:
    before = tracked.value("select clock_timestamp()")
    tracked.run("set timezone = 'UTC'")
    tracked.run(f"alter table things add extra {kind}")
    tracked.run("alter table things alter extra set default null, add more text")
    assert as_of(tracked, "extra::text", before) == [(None,), (None,)]
    assert as_of(tracked, "extra::text") == [(value,), (value,)]
    tracked.run("update things set extra = null where id = 1")
    assert as_of(tracked, "extra::text") == [(None,), (value,)]
    # A default that is computed for each row is known from the next baseline on.
    tracked.run("select audit.record_baseline('things')")
    assert as_of(tracked, "extra::text") == tracked.run("select extra::text from things order by id")


def test_the_default_of_a_hidden_column_is_not_kept(things: Database) -> None:
    things.run("select audit.track('things', 'thing', mask => '{pin}', baseline => true)")
    things.run("alter table things add extra text default 'needle'")
    assert as_of(things, "extra") == [(None,), (None,)]
    assert "needle" not in str(things.run("select * from audit.shapes"))


def test_a_value_that_its_column_cannot_hold_any_more_is_named_with_its_row_and_what_to_read_instead(
    tracked: Database,
) -> None:
    at = tracked.value("select clock_timestamp()")
    tracked.run("update things set colour = id, name = null where id = 1; delete from things where id = 2")
    tracked.run("alter table things alter colour type integer using colour::integer")
    assert as_of(tracked, "id, colour") == [(1, 1)]
    with refused("22000", 'audit.as_of: what column "colour" of public.things held then does not fit it today', detail='"red"', hint="audit.rows_as_of('public.things', "):  # fmt: skip
        as_of(tracked, "*", at)
    texts = tracked.run("select fields from audit.rows_as_of('things', %s)", at)
    assert sorted((f["id"], f["name"], f["colour"]) for (f,) in texts) == [("1", "one", "red"), ("2", "two", "red")]


def test_an_attribute_that_is_added_to_a_type_is_followed(db: Database) -> None:
    db.run("create type place as (city text); create domain spot as place; create type route as (stops spot[])")
    db.run("create table trips (id integer primary key, route route); select audit.track('trips')")
    db.run("insert into trips values (1, row(array[row('Oslo')]::spot[]))")
    db.run("alter type place add attribute country text")
    assert status(db, "public.trips")["problem"] is None
    db.run("insert into trips values (2, row(array[row('Oslo', 'NO')]::spot[]))")
    assert db.last()["after"]["route"] == {"stops": [{"city": "Oslo", "country": "NO"}]}
    db.run("alter event trigger audit_follow_ddl disable; alter type place rename attribute country to state")
    assert "what a type consists of" in status(db, "public.trips")["problem"]


@pytest.mark.parametrize("followed", [True, False], ids=["followed", "unfollowed"])
def test_another_expression_of_a_virtual_column_is_noticed(things: Database, followed: bool) -> None:
    added = "alter table things add twice integer generated always as (id * 2) virtual"
    if things.superuser.info.server_version < 180_000:  # there are none to notice
        with pytest.raises(psycopg.errors.SyntaxError):
            things.run(added)
        return
    things.run(added)
    things.run("select audit.track('things'); update things set name = 'x' where id = 1")
    if not followed:
        things.run("alter event trigger audit_follow_ddl disable")
    things.run("alter table things alter twice set expression as (id * 3)")
    things.run("update things set name = 'y' where id = 1")
    assert things.last()["after"]["twice"] == 3
    assert (status(things, "public.things")["problem"] is None) is followed


def test_a_change_of_columns_that_cannot_be_followed_in_time_fails_as_it_says_and_is_whole_when_tried_again(
    tracked: Database,
) -> None:
    other = tracked.connect("postgres", autocommit=False)
    other.execute("create table more (id integer); select audit.track('more')")
    tracked.run("set lock_timeout = '50ms'")
    with pytest.raises(psycopg.errors.LockNotAvailable):
        tracked.run("alter table things add extra text")
    other.rollback()
    tracked.run("alter table things add extra text")
    assert status(tracked, "public.things")["problem"] is None


# -- events in an order that is not that of the changes ------------------------------------------


@pytest.mark.parametrize("names", [("one", "two"), ("same", "same")], ids=["different rows", "equal rows"])
@pytest.mark.parametrize("baseline", [True, False])
def test_rows_that_swap_their_keys_are_all_there(db: Database, names: tuple[str, str], baseline: bool) -> None:
    db.run("create table things (id integer primary key deferrable initially deferred, name text)")
    if baseline:
        db.run("insert into things values (1, %s), (2, %s)", *names)
    db.run("select audit.track('things', baseline => true)")
    if not baseline:
        db.run("insert into things values (1, %s), (2, %s)", *names)
    for statement in (
        "update things set id = 3 - id",
        "begin; insert into things values (2, 'new'); delete from things where id = 2 and name <> 'new'; commit",
        "begin; insert into things values (3, 'x'); update things set name = 'y' where id = 3; delete from things where id = 3; commit",
        "begin; update things set name = 'z'; update things set name = 'w'; update things set name = 'z' where id = 2; commit",
    ):
        db.run(statement)
        assert as_of(db, "id, name") == db.run("select id, name from things order by id")


def test_what_a_trigger_makes_of_other_rows_before_its_own_is_told_right(stock: Database) -> None:
    stock.run(
        "create function others() returns trigger language plpgsql as "
        "'begin update stock set amount = 99 where id = 1 and new.id = 2; return new; end'"
    )
    stock.run("create trigger others before update on stock for each row execute function others()")
    new = watch(stock)
    stock.run("update stock set amount = amount + 1")
    assert [(e["record_id"], e["after"]["amount"]) for e in new()] == [("1", 99), ("1", 11), ("2", 21)], "out of order"
    assert (
        as_of(stock, "id, amount", table="stock")
        == stock.run("select id, amount from stock order by id")
        == [(1, 99), (2, 21)]
    )


def test_what_a_trigger_makes_of_other_rows_of_its_statement_is_told_right(stock: Database) -> None:
    stock.run(
        "create function cap() returns trigger language plpgsql as "
        "'begin update stock set amount = 99 where amount > 99; return null; end'"
    )
    stock.run("create trigger cap after insert or update on stock for each row execute function cap()")
    for statement in (
        "insert into stock values (3, 500), (4, 500), (5, 5)",
        "update stock set amount = amount + 200, note = 'x'",
    ):
        stock.run(statement)
        held = stock.run("select id, amount from stock where id > 2 or note is not null order by id")
        told = as_of(stock, "id, amount", table="stock")
        assert told == held


#: What is done to the rows 1 and 2, so that the log has another order, or tells of one key twice.
TWISTED = (
    "with gone as (delete from stock returning *), again as (insert into stock select * from gone limit 1) select",
    "merge into stock using (values (1, 1), (9, 1)) v(id, new) on v.id = stock.id "
    "when matched then delete when not matched then insert values (new, 10)",
    "update stock set id = 7 where id = 1; delete from stock where id = 7",
    "insert into stock values (7, 0); delete from stock where id = 7",
    "insert into stock values (7, 10); update stock set amount = 0 where id = 7; delete from stock where id = 7",
    "update stock set id = -1 where id = 1; update stock set id = 1 where id = 2; truncate stock",
    "update stock set amount = 0 where id = 1; update stock set amount = 10 where id = 1",
)


def test_a_row_that_came_and_went_stands_only_if_it_did_before(stock: Database) -> None:
    for statements in TWISTED:
        stock.run("delete from stock")
        stock.run("insert into stock values (1, 10), (2, 20)")
        stock.run(statements)
        held = stock.run("select id, amount from stock order by id")
        assert as_of(stock, "id, amount", table="stock") == held, statements
