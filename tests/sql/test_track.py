"""Starting, changing and stopping capture."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import configured, denied, refused, status, watch

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
    "the log": ("select 1", "audit.log", "It belongs to the audit log", "ordinary"),
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
    "no table": ("null", "22004", "audit.track: no table given", "", "select audit.track("),
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
    "masked label": (
        "'things', label => '{pin}', mask => '{pin}'",
        "22023",
        "cannot be both hidden and used as key, label or parent",
        "clear",
        "label",
    ),
    "masked parent": ("'things', parent => 'pin', mask => '{pin}'", "22023", 'column "pin"', "clear", "mask"),
    "both": (
        "'things', exclude => '{pin}', mask => '{pin}'",
        "22023",
        "is both excluded and masked",
        "",
        "Choose one, for example: select audit.track('public.things', mask => '{}').",
    ),
}


def test_a_partitioned_table_of_which_a_partition_is_kept_elsewhere_is_refused_and_written_as_before(
    passing: Database,
) -> None:
    passing.run(
        "create foreign data wrapper elsewhere; create server elsewhere foreign data wrapper elsewhere; "
        "create table parted (id integer) partition by list (id); create table here partition of parted for values in (1); "
        "create foreign table there partition of parted for values in (2) server elsewhere"
    )
    with (
        refused(
            "42809",
            "audit.track: a partition of public.parted is a foreign table",
            detail="unrecorded",
            hint="detach partition",
        ),
        passing.superuser.transaction(),
    ):
        passing.run("select audit.track('parted')")
    passing.run("insert into parted values (1)")


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
    assert things.value("select count(*) from pg_proc where pronamespace = 'audit'::regnamespace") == functions - 8
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
