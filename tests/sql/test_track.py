"""Starting, changing and stopping capture on tables of every kind, and what status() says of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Database
from tests.sql.support import denied, refused, watch


def status(db: Database, table: str) -> dict[str, Any]:
    """What audit.status() says of one table."""
    columns = "triggers_present, enabled_always, function_unchanged, drifted_columns, problem"
    (row,) = db.run(f"select {columns} from audit.status() where table_name = %s", table)
    return dict(zip(columns.split(", "), row, strict=True))


def configured(db: Database) -> list[dict[str, Any]]:
    return [e["context"]["configure"] for e in db.events("action = 'configure'")]


@pytest.fixture
def things(db: Database) -> Database:
    """A table that nobody tracks yet, with two rows."""
    db.run("create table things (id int primary key, name text, pin text, colour text)")
    db.run("insert into things values (1, 'one', 'p', 'red'), (2, 'two', 'p', 'red')")
    return db


# -- what is refused -----------------------------------------------------------------------------

BAD_TABLES = {
    "view": ("create view bad as select 1 as id", "bad", "It is not a table.", "ordinary"),
    "materialized view": ("create materialized view bad as select 1 as id", "bad", "It is not a table.", "ordinary"),
    "sequence": ("create sequence bad", "bad", "It is not a table.", "ordinary"),
    "index": ("create index bad on contacts (phone)", "bad", "It is not a table.", "ordinary"),
    "temporary table": ("create temp table bad (id int)", "pg_temp.bad", "It is a temporary table.", "ordinary"),
    "partition": (
        "create table root (id int) partition by list (id); create table bad partition of root default",
        "bad",
        "It is a partition.",
        "Track the partitioned table",
    ),
    "the log": ("select 1", "audit.events", "It belongs to the audit log", "ordinary"),
    "the list of tables": ("select 1", "audit.tracked", "It belongs to the audit log", "ordinary"),
    "the system's": ("select 1", "pg_catalog.pg_class", "It belongs to the audit log or to the system.", "ordinary"),
}


@pytest.mark.parametrize(("setup", "table", "detail", "hint"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_what_is_no_table_of_the_customer_is_refused(
    db: Database, setup: str, table: str, detail: str, hint: str
) -> None:
    db.run(setup)
    with refused("42809", "cannot be tracked", detail=detail, hint=hint):
        db.run(f"select audit.track('{table}')")


BAD_ARGUMENTS = {
    "no table": ("null", "22004", "no table given", "", "select audit.track("),
    "label": ("'things', label => '{nope}'", "42703", 'has no column "nope"', "id, name, pin, colour", "Spell"),
    "exclude": ("'things', exclude => '{nope}'", "42703", 'has no column "nope"', "Its columns", "Spell"),
    "mask": ("'things', mask => '{NAME}'", "42703", 'has no column "NAME"', "Its columns", "without quotes"),
    "parent": ("'things', parent => 'nope'", "42703", 'has no column "nope"', "Its columns", "Spell"),
    "system column": ("'things', mask => '{ctid}'", "42703", 'has no column "ctid"', "Its columns", "Spell"),
    "upper case": ("'things', 'Thing'", "22023", 'entity "Thing" is not', "lower-case", "entity => 'contact'"),
    "empty": ("'things', ''", "22023", 'entity "" is not', "lower-case", "entity => "),
    "blank": ("'things', 'a b'", "22023", 'entity "a b" is not', "lower-case", "entity => "),
    "markup": ("'things', '<b>'", "22023", 'entity "<b>" is not', "lower-case", "entity => "),
    "digit first": ("'things', '1a'", "22023", 'entity "1a" is not', "lower-case", "entity => "),
    "line end": ("'things', E'a\\n'", "22023", "is not a plain name", "lower-case", "entity => "),
    "long": ("'things', repeat('a', 64)", "22023", "is not a plain name", "at most 63", "entity => "),
    "masked key": ("'things', mask => '{id}'", "22023", 'column "id" of public.things cannot', "in the clear", "mask"),
    "excluded key": ("'things', exclude => '{id}'", "22023", 'column "id" of public.things cannot', "clear", "exclude"),
    "masked label": ("'things', label => '{pin}', mask => '{pin}'", "22023", 'column "pin"', "clear", "label"),
    "masked parent": ("'things', parent => 'pin', mask => '{pin}'", "22023", 'column "pin"', "clear", "mask"),
    "both": ("'things', exclude => '{pin}', mask => '{pin}'", "22023", "both excluded and masked", "", "Choose one"),
}


@pytest.mark.parametrize(("call", "sqlstate", "message", "detail", "hint"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_bad_arguments_are_refused_with_what_to_do_and_change_nothing(
    things: Database, call: str, sqlstate: str, message: str, detail: str, hint: str
) -> None:
    told = len(configured(things))
    with refused(sqlstate, message, detail=detail, hint=hint):
        things.run(f"select audit.track({call})")
    assert len(configured(things)) == told
    assert things.value("select count(*) from audit.tracked where table_name = 'things'") == 0


def test_a_table_that_is_not_tracked_cannot_be_untracked(things: Database) -> None:
    with refused(
        "42704", "public.things is not tracked", detail="public.contacts", hint="audit.track('public.things')"
    ):
        things.run("select audit.untrack('things')")


# -- start, change, stop -------------------------------------------------------------------------


def test_track_starts_capture_and_is_on_record(things: Database) -> None:
    things.run("select audit.track('things', 'thing', label => '{name}', mask => '{pin}', exclude => '{colour}')")
    assert configured(things)[-1] == {
        "did": "track",
        "schema_name": "public",
        "table_name": "things",
        "entity": "thing",
        "key": ["id"],
        "label": ["name"],
        "mask": ["pin"],
        "exclude": ["colour"],
    }
    things.run("update things set name = 'uno' where id = 1")
    event = things.last()
    assert (event["entity"], event["record_id"], event["record_label"]) == ("thing", "1", "uno")
    assert status(things, "public.things")["problem"] is None


def test_the_same_call_again_records_nothing(things: Database) -> None:
    call = "select audit.track('things', 'thing', label => '{name}', mask => '{pin}')"
    things.run(call)
    known = things.run("select t::text from audit.tracked t")
    new = watch(things)
    things.run(call)
    assert new() == []
    assert things.run("select t::text from audit.tracked t") == known
    things.run("delete from things where id = 1")
    assert len(new()) == 1


def test_other_arguments_take_effect_and_are_on_record(things: Database) -> None:
    things.run("select audit.track('things', 'thing', label => '{name}')")
    new = watch(things)
    things.run("select audit.track('things', 'item', label => '{colour}', mask => '{pin}', exclude => '{name}')")
    things.run("update things set colour = 'blue', name = 'x', pin = 'y' where id = 1")
    change, event = new()
    assert (change["action"], change["entity"], change["context"]["configure"]["mask"]) == (
        "configure",
        "item",
        ["pin"],
    )
    assert (event["entity"], event["record_label"], event["changed_fields"]) == ("item", "blue", ["colour", "pin"])
    assert things.value("select count(*) from audit.tracked where table_name = 'things'") == 1


def test_a_baseline_records_the_rows_of_today(things: Database) -> None:
    things.run("select audit.track('things', 'thing', label => '{name}', baseline => true)")
    told = [(e["action"], e["record_id"], e["record_label"]) for e in things.events()]
    assert sorted(told) == [("baseline", "1", "one"), ("baseline", "2", "two")]


def test_untrack_stops_capture_leaves_the_past_and_is_on_record(things: Database) -> None:
    things.run("select audit.track('things', 'thing')")
    things.run("delete from things where id = 1")
    functions = things.value("select count(*) from pg_proc where pronamespace = 'audit'::regnamespace")
    things.run("select audit.untrack('things')")
    assert configured(things)[-1] == {"did": "untrack", "schema_name": "public", "table_name": "things"}
    things.run("delete from things")
    assert [e["record_id"] for e in things.events()] == ["1"]
    assert things.run("select from audit.status() where table_name = 'public.things'") == []
    assert things.value("select count(*) from pg_proc where pronamespace = 'audit'::regnamespace") == functions - 2
    assert things.value("select count(*) from pg_trigger where tgrelid = 'things'::regclass") == 0


def test_track_that_is_rolled_back_leaves_nothing(things: Database) -> None:
    other = things.connect("postgres", autocommit=False)
    other.execute("select audit.track('things', 'thing')")
    other.rollback()
    new = watch(things)
    things.run("delete from things")
    assert new() == []


def test_an_administrator_who_owns_the_table_tracks_it_without_being_superuser(db: Database) -> None:
    db.run("create schema shop authorization admin")
    admin = db.connect("admin")
    admin.execute("create table shop.orders (id int primary key, total numeric)")
    admin.execute("select audit.track('shop.orders', 'shop_order', baseline => true)")
    admin.execute("insert into shop.orders values (1, 9.50)")
    assert (db.last()["schema_name"], db.last()["record_id"], db.last()["db_user"]) == ("shop", "1", "admin")
    admin.execute("select audit.track('shop.orders', 'shop_order', mask => '{total}')")
    admin.execute("truncate shop.orders")
    assert (db.last()["action"], db.last()["before"]["id"]) == ("truncate", 1)
    admin.execute("select audit.untrack('shop.orders')")
    assert db.run("select from audit.status() where table_name = 'shop.orders'") == []


def test_an_administrator_cannot_track_the_table_of_another(things: Database) -> None:
    with denied():
        things.connect("admin").execute("select audit.track('things', 'thing')")
    assert things.value("select count(*) from audit.tracked where table_name = 'things'") == 0


# -- tables of every kind ------------------------------------------------------------------------


def test_a_composite_key_is_a_json_array_in_the_order_of_the_key(db: Database) -> None:
    db.run("create table t (a text, b int, v int, primary key (b, a))")
    db.run("select audit.track('t')")
    db.run("""insert into t values ('x","y', 7, 0)""")
    assert db.last()["record_id"] == '[7, "x\\",\\"y"]'


def test_a_table_without_a_key_is_captured_without_record_id(db: Database) -> None:
    db.run("create table t (v int)")
    db.run("select audit.track('t')")
    db.run("insert into t values (1), (1)")
    db.run("update t set v = 2")
    db.run("delete from t")
    assert [(e["action"], e["record_id"]) for e in db.events()] == [
        (action, None) for action in ("insert", "update", "delete") for _ in range(2)
    ]


def test_a_uuid_key_is_its_text(db: Database) -> None:
    db.run("create table t (id uuid primary key)")
    db.run("select audit.track('t')")
    db.run("insert into t values ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')")
    assert db.last()["record_id"] == "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


NAMES = [
    "Order",
    "a.b",
    'quo"te',
    "it's",
    "больше",
    "東京",
    "per%cent",
    "back\\slash",
    "$body$",
    "sp ace",
    "x" * 63,
    "東" * 20,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_letters_is_captured_as_it_is(db: Database, name: str) -> None:
    def quote(what: str) -> str:
        return '"' + what.replace('"', '""') + '"'

    admin = db.connect("postgres")
    table = f"{quote(name)}.{quote(name)}"
    admin.execute(f"create schema {quote(name)}".encode())
    admin.execute(f"create table {table} ({quote(name)} int primary key, {quote('v' + name[:20])} text)".encode())
    array = [name]
    admin.execute("select audit.track(%s::regclass, 'thing', label => %s)", (table, array))
    column = quote("v" + name[:20])
    admin.execute(f"insert into {table} values (1, 'x')".encode())
    admin.execute(f"update {table} set {column} = 'y'".encode())
    admin.execute("select audit.track(%s::regclass, 'thing', mask => %s)", (table, ["v" + name[:20]]))
    admin.execute(f"update {table} set {column} = 'z'".encode())
    admin.execute(f"truncate {table}".encode())
    events = db.events()
    assert [e["action"] for e in events] == ["insert", "update", "update", "truncate"]
    assert {(e["schema_name"], e["table_name"], e["record_id"]) for e in events} == {(name, name, "1")}
    assert events[1]["changed_fields"] == ["v" + name[:20]]
    assert status(db, db.value("select format('%%I.%%I', %s::text, %s::text)", name, name))["problem"] is None
    admin.execute("select audit.untrack(%s::regclass)", (table,))


def test_tables_of_one_name_in_two_schemas_are_told_apart(db: Database) -> None:
    db.run("create schema shop; create table shop.contacts (id int primary key, v text)")
    db.run("select audit.track('shop.contacts', 'shop_contact')")
    db.run("insert into shop.contacts values (1, 'a')")
    db.run("insert into contacts (id) values (1)")
    assert [(e["schema_name"], e["entity"]) for e in db.events()] == [("shop", "shop_contact"), ("public", "contact")]


def test_tables_whose_names_agree_for_a_long_way_get_functions_of_their_own(db: Database) -> None:
    long = "x" * 60
    for end in ("a", "b"):
        db.run(f"create table {long}{end} (id int primary key)")
        db.run(f"select audit.track('{long}{end}', 'thing_{end}')")
    for end in ("a", "b"):
        db.run(f"insert into {long}{end} values (1)")
    assert [e["table_name"] for e in db.events()] == [f"{long}a", f"{long}b"]


@pytest.fixture
def parted(db: Database) -> Database:
    db.run("create table parted (id int primary key, v text) partition by range (id)")
    db.run("create table low partition of parted for values from (0) to (10)")
    db.run("select audit.track('parted', 'part')")
    db.run("create table high partition of parted for values from (10) to (20)")
    return db


@pytest.mark.parametrize("into", ["parted", "low"])
def test_writes_to_a_partition_are_captured_once_under_the_name_of_the_root(parted: Database, into: str) -> None:
    parted.run(f"insert into {into} values (1, 'a')")
    parted.run(f"update {into} set v = 'b'")
    parted.run(f"delete from {into}")
    told = [(e["action"], e["table_name"], e["record_id"]) for e in parted.events()]
    assert told == [(action, "parted", "1") for action in ("insert", "update", "delete")]


def test_a_partition_added_later_is_captured_too(parted: Database) -> None:
    parted.run("insert into high values (11, 'a')")
    assert (parted.last()["table_name"], parted.last()["record_id"]) == ("parted", "11")


def test_a_truncate_of_a_partitioned_table_records_each_row_once(parted: Database) -> None:
    parted.run("insert into parted values (1, 'a'), (11, 'b')")
    new = watch(parted)
    parted.run("truncate parted")
    assert sorted((e["action"], e["table_name"], e["record_id"]) for e in new()) == [
        ("truncate", "parted", "1"),
        ("truncate", "parted", "11"),
    ]


@pytest.mark.xfail(strict=True, reason="TRUNCATE of one partition fires no trigger of the root")
def test_a_truncate_of_one_partition_records_its_rows(parted: Database) -> None:
    parted.run("insert into parted values (1, 'a'), (11, 'b')")
    new = watch(parted)
    parted.run("truncate low")
    assert [(e["action"], e["table_name"], e["record_id"]) for e in new()] == [("truncate", "parted", "1")]


# -- drift, and what status sees -----------------------------------------------------------------

DRIFTS = {
    "added": ("add extra text", ["extra text"]),
    "dropped": ("drop colour", ["colour text"]),
    "label dropped": ("drop name", ["name text"]),
    "renamed": ("rename colour to tint", ["colour text", "tint text"]),
    "label renamed": ("rename name to title", ["name text", "title text"]),
    "key dropped": ("drop id", ["id integer"]),
    "key renamed": ("rename id to number", ["id integer", "number integer"]),
    "type changed": ("alter colour type varchar(9)", ["colour character varying(9)", "colour text"]),
}


@pytest.mark.parametrize(("change", "drifted"), DRIFTS.values(), ids=DRIFTS)
def test_changed_columns_leave_the_table_writable_and_captured_and_status_says_so(
    things: Database, change: str, drifted: list[str]
) -> None:
    things.run("select audit.track('things', 'thing', label => '{name}')")
    app = things.connect("postgres")
    app.execute("update things set pin = 'before'")  # plans are cached by now
    things.run(f"alter table things {change}")
    new = watch(things)
    app.execute("update things set pin = 'after'")
    app.execute("delete from things")
    assert [e["action"] for e in new()] == ["update", "update", "delete", "delete"]
    now = status(things, "public.things")
    assert sorted(now["drifted_columns"]) == drifted
    assert "Columns have changed" in now["problem"]
    things.run("select audit.track('things', 'thing')")
    assert status(things, "public.things")["problem"] is None


FAULTS = {
    "row trigger disabled": ("alter table things disable trigger audit_capture", "enabled_always", "switched off"),
    "all triggers disabled": ("alter table things disable trigger all", "enabled_always", "switched off"),
    "trigger not for replicas": ("alter table things enable trigger audit_capture", "enabled_always", "switched off"),
    "truncate trigger disabled": (
        "alter table things disable trigger audit_capture_truncate",
        "enabled_always",
        "switched off",
    ),
    "row trigger dropped": ("drop trigger audit_capture on things", "triggers_present", "missing"),
    "truncate trigger dropped": ("drop trigger audit_capture_truncate on things", "triggers_present", "missing"),
    "function replaced": (
        "create or replace function audit.{row}() returns trigger language plpgsql as 'begin return null; end'",
        "function_unchanged",
        "not the one",
    ),
    "truncate function replaced": (
        "create or replace function audit.{row}_truncate() returns trigger language plpgsql "
        "as 'begin return null; end'",
        "function_unchanged",
        "not the one",
    ),
    "function's settings": (
        "alter function audit.{row}() set search_path = public",
        "function_unchanged",
        "not the one",
    ),
    "function's owner": ("alter function audit.{row}() owner to postgres", "function_unchanged", "not the one"),
    "function's security": ("alter function audit.{row}() security invoker", "function_unchanged", "not the one"),
}


@pytest.mark.parametrize(("fault", "column", "problem"), FAULTS.values(), ids=FAULTS)
def test_status_sees_what_is_wrong_with_capture_and_says_what_to_do(
    things: Database, fault: str, column: str, problem: str
) -> None:
    things.run("select audit.track('things', 'thing')")
    assert status(things, "public.things") == {
        "triggers_present": True,
        "enabled_always": True,
        "function_unchanged": True,
        "drifted_columns": [],
        "problem": None,
    }
    row = things.value("select row_function from audit.tracked where table_name = 'things'")
    things.run(fault.format(row=row))
    now = status(things, "public.things")
    assert now[column] is False
    assert problem in now["problem"]
    assert "audit.track()" in now["problem"]


@pytest.mark.parametrize("fault", [f for f in FAULTS if f != "function's owner"])
def test_tracking_again_mends_capture(things: Database, fault: str) -> None:
    things.run("select audit.track('things', 'thing')")
    row = things.value("select row_function from audit.tracked where table_name = 'things'")
    things.run(FAULTS[fault][0].format(row=row))
    things.run("select audit.track('things', 'thing')")
    assert status(things, "public.things")["problem"] is None
    new = watch(things)
    things.run("delete from things where id = 1")
    things.run("truncate things")
    assert [e["action"] for e in new()] == ["delete", "truncate"]


@pytest.mark.parametrize("change", ["rename to stuff", "set schema elsewhere"])
def test_status_sees_a_table_that_went_by_another_name(things: Database, change: str) -> None:
    things.run("create schema elsewhere")
    things.run("select audit.track('things', 'thing')")
    things.run(f"alter table things {change}")
    assert "has another name" in status(things, "public.things")["problem"]


def test_status_sees_a_table_that_is_gone(things: Database) -> None:
    things.run("select audit.track('things', 'thing')")
    things.run("drop table things")
    assert "The table is gone" in status(things, "public.things")["problem"]


def test_status_sees_rows_in_the_default_partition(db: Database) -> None:
    assert db.run("select from audit.status() where problem is not null") == []
    db.run("insert into audit.events (occurred_at, entity, action) values ('2099-01-01', 'report', 'view')")
    assert "default partition" in status(db, "audit.events_default")["problem"]


@pytest.mark.parametrize("guard", ["refuse_mutation", "refuse_truncate"])
def test_status_sees_that_the_log_is_no_longer_guarded(db: Database, guard: str) -> None:
    db.run(f"alter table audit.events disable trigger {guard}")
    assert "append-only is switched off" in status(db, "audit.events")["problem"]


def test_status_tells_when_a_table_was_last_written_to(things: Database) -> None:
    things.run("select audit.track('things', 'thing')")
    last = "select last_event from audit.status() where table_name = 'public.things'"
    assert things.value(last) is None
    things.run("delete from things")
    assert things.value(last) == things.last()["occurred_at"]
