"""Tables of every kind under capture: any key, any name, partitions."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import status, watch


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


def test_a_truncate_of_one_partition_records_its_rows(parted: Database) -> None:
    parted.run("insert into parted values (1, 'a'), (11, 'b')")
    new = watch(parted)
    parted.run("truncate low")
    assert [(e["action"], e["table_name"], e["record_id"]) for e in new()] == [("truncate", "parted", "1")]


MONTHS = "select relid::regclass::text from pg_partition_tree('audit.log') where isleaf and relid::text <> 'audit.log_default'"


def test_the_next_months_are_made_by_whoever_writes_when_nobody_else_has(db: Database) -> None:
    made = {month for (month,) in db.run(MONTHS)}
    this_month = db.value("select format('audit.log_%s', to_char(now() at time zone 'UTC', 'YYYY_MM'))")
    db.run("alter event trigger audit_follow_ddl disable")  # it would make them at once
    db.run(f"drop table {', '.join(made - {this_month})}")
    db.run("alter event trigger audit_follow_ddl enable always")
    first, second = db.connect(autocommit=False), db.connect()
    first.execute("insert into contacts (first_name) values ('Ada')")
    second.execute("insert into contacts (first_name) values ('Eve')")  # waits for nobody
    first.commit()
    assert {month for (month,) in db.run(MONTHS)} == made
    assert [e["record_label"] for e in db.events()] == ["Ada", "Eve"]
    assert db.run("select from audit.status() where problem is not null") == []
