"""Capture follows changes of its tables: by itself where an event trigger watches, by looking again where none does."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.conftest import Database
from tests.sql.support import MASKED, configured, refused, status, watch

COLUMNS = {
    "added": ("add extra text default 'x'", "extra"),
    "dropped": ("drop colour", None),
    "renamed": ("rename colour to tint", "tint"),
    "retyped": ("alter colour type varchar(9)", "colour"),
    "key renamed": ("rename id to number", "number"),
    "label dropped": ("drop name", None),
}


@pytest.fixture
def tracked(things: Database) -> Database:
    things.run("select audit.track('things', 'thing', label => '{name}')")
    things.run("update things set pin = 'planned'")  # plans are cached by now
    return things


def unfollowed(db: Database) -> None:
    """As where nobody may create event triggers."""
    db.run("alter event trigger audit_follow_ddl disable")


def rows(db: Database) -> list[dict[str, Any]]:
    return [row for (row,) in db.run("select to_jsonb(t) from things t")]


@pytest.mark.parametrize("followed", [True, False], ids=["followed", "unfollowed"])
@pytest.mark.parametrize("change", [change for change, _ in COLUMNS.values()], ids=COLUMNS)
def test_rows_are_recorded_with_the_columns_that_their_table_has(
    tracked: Database, change: str, followed: bool
) -> None:
    other = tracked.connect("postgres")
    other.execute("update things set pin = 'planned elsewhere'")
    if not followed:
        unfollowed(tracked)
    tracked.run(f"alter table things {change}")
    new = watch(tracked)
    for connection in (tracked.superuser, other):
        connection.execute("update things set pin = coalesce(pin, '') || 'x'")
        assert [e["after"] for e in new()][-2:] == rows(tracked)
    keys = {str(r.get("id", r.get("number"))) for r in rows(tracked)}
    assert {e["record_id"] for e in new()} == keys
    assert (status(tracked, "public.things")["problem"] is None) is followed


@pytest.mark.parametrize("followed", [True, False], ids=["followed", "unfollowed"])
def test_inserts_and_deletes_after_a_change_of_columns_are_recorded_whole(tracked: Database, followed: bool) -> None:
    if not followed:
        unfollowed(tracked)
    tracked.run("alter table things drop pin; alter table things add size numeric(9, 2)")
    new = watch(tracked)
    tracked.run("insert into things values (3, 'three', 'red', 1.50), (4, 'four', 'red', null)")
    tracked.run("delete from things where id = 3")
    three = {"id": 3, "name": "three", "colour": "red", "size": 1.5}
    inserted, _, deleted = new()
    assert inserted["after"] == deleted["before"] == three
    assert (inserted["record_label"], deleted["record_label"]) == ("three", "three")


def test_what_was_recorded_before_a_change_of_columns_still_reads_as_it_was(tracked: Database) -> None:
    new = watch(tracked)
    tracked.run("insert into things values (3, 'three', 'p', 'red')")
    (before,) = new()
    tracked.run("alter table things drop pin; alter table things rename colour to tint")
    assert new()[0]["after"] == before["after"] == {"id": 3, "name": "three", "pin": "p", "colour": "red"}


def test_a_type_that_is_dropped_takes_no_history_with_it(db: Database) -> None:
    db.run("create type mood as enum ('sad', 'glad'); create type place as (city text, moods mood[])")
    db.run("create domain score as integer check (value > 0)")
    db.run("create table t (id integer primary key, mood mood, place place, score score)")
    db.run("select audit.track('t')")
    db.run("insert into t values (1, 'sad', row('Oslo', '{sad,glad}'), 7)")
    told = {"id": 1, "mood": "sad", "place": {"city": "Oslo", "moods": ["sad", "glad"]}, "score": 7}
    assert db.last()["after"] == told
    db.run("alter table t drop mood, drop place, drop score; drop type place; drop type mood; drop domain score")
    assert db.last()["after"] == told


def test_a_change_of_columns_is_followed_for_an_owner_who_is_no_superuser(db: Database) -> None:
    db.run("create schema shop authorization admin")
    admin = db.connect("admin")
    admin.execute("create table shop.orders (id integer primary key)")
    admin.execute("select audit.track('shop.orders', 'shop_order')")
    admin.execute("alter table shop.orders add total numeric")
    admin.execute("insert into shop.orders values (1, 9.50)")
    assert db.last()["after"] == {"id": 1, "total": 9.5}
    assert status(db, "shop.orders")["problem"] is None
    assert db.value("select function_unchanged from audit.status() where table_name = 'shop.orders'")


def test_ddl_of_somebody_who_owns_no_tracked_table_is_of_no_concern(db: Database) -> None:
    db.run("grant create on schema public to app")
    app = db.connect("app")
    notices: list[str] = []
    app.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
    app.execute("create table mine (id integer); alter table mine add v text; drop table mine")
    app.execute("create temp table passing (id integer); drop table passing")
    assert notices == []


def test_a_column_that_is_added_to_a_table_with_masked_ones_stays_masked_until_told_otherwise(things: Database) -> None:
    things.run("select audit.track('things', 'thing', mask => '{pin}')")
    things.run("alter table things add extra text default 'needle'")
    things.run("update things set extra = 'other-needle' where id = 1")
    event = things.last()
    assert (event["changed_fields"], event["after"]["extra"]) == (["extra"], MASKED)
    assert "needle" not in str(things.run("select old_row, new_row from audit.log"))
    things.run("select audit.track('things')")
    things.run("update things set extra = 'seen' where id = 1")
    assert (things.last()["after"]["extra"], things.last()["after"]["pin"]) == ("seen", MASKED)


def test_a_column_that_is_made_again_under_its_old_name_is_a_new_one(things: Database) -> None:
    things.run("select audit.track('things', 'thing', mask => '{pin}')")
    things.run("alter table things drop colour; alter table things add colour text")
    things.run("update things set colour = 'needle' where id = 1")
    assert things.last()["after"]["colour"] == MASKED


def test_track_keeps_what_it_is_not_told_and_forgets_what_it_is_told_to(things: Database) -> None:
    things.run("select audit.track('things', 'thing', label => '{name}', mask => '{pin}', exclude => '{colour}')")
    settings = "select entity, label, mask, exclude from audit.tracked where table_name = 'things'"
    things.run("select audit.track('things')")
    assert things.run(settings) == [("thing", ["name"], ["pin"], ["colour"])]
    things.run("select audit.track('things', mask => '{}', exclude => '{}', label => '{}')")
    assert things.run(settings) == [("thing", [], [], [])]


def test_a_mask_whose_column_was_renamed_is_not_dropped_in_silence(things: Database) -> None:
    things.run("select audit.track('things', 'thing', mask => '{pin}')")
    things.run("alter table things rename pin to code")
    with refused("42703", 'audit.track: public.things has no column "pin"', hint="Spell column names"):
        things.run("select audit.track('things')")
    things.run("update things set code = 'needle'")
    assert things.last()["after"]["code"] == MASKED


# -- what switches capture off is on record ------------------------------------------------------

SABOTAGE = {
    "disabled": ('alter table things disable trigger "!audit_capture_deletes"', "switched off"),
    "dropped": ('drop trigger "!audit_capture_inserts" on things', "missing"),
    "renamed": ('alter trigger "!audit_capture_updates" on things rename to harmless', "missing"),
    "emptied": (
        "create or replace function audit.{row}() returns trigger language plpgsql as 'begin return null; end'",
        "not the one",
    ),
}


@pytest.mark.parametrize(("sabotage", "problem"), SABOTAGE.values(), ids=SABOTAGE)
def test_switching_capture_off_leaves_an_event_and_so_does_mending_it(
    tracked: Database, sabotage: str, problem: str
) -> None:
    row = tracked.value("select row_function from audit.tracked where table_name = 'things'")
    tracked.run(sabotage.format(row=row))
    event = tracked.events("action = 'configure'")[-1]
    told = event["context"]["configure"]
    assert (told["did"], told["table_name"], event["entity"], event["db_user"]) == (
        "break",
        "things",
        "thing",
        "postgres",
    )
    assert problem in told["problem"]
    assert told["command"].split()[0] == sabotage.split()[0].upper()
    tracked.run("select audit.track('things')")
    assert configured(tracked)[-1] == {"did": "mend", "schema_name": "public", "table_name": "things"}


def test_a_tracked_table_is_not_dropped_by_accident_and_dropping_it_on_purpose_is_on_record(tracked: Database) -> None:
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        tracked.run("drop table things")
    tracked.run("drop table things cascade")
    assert configured(tracked)[-1] == {"did": "drop", "schema_name": "public", "table_name": "things"}
    assert tracked.run("select from audit.status() where problem is not null") == []
    assert tracked.value("select count(*) from audit.events where entity = 'thing' and after is not null") == 2


def test_a_drop_that_changes_several_other_tables_is_all_there_is_to_tell(db: Database) -> None:
    """Contacts and groups lose a foreign key each, and are captured another way."""
    new = watch(db)
    warnings: list[str] = []
    db.superuser.add_notice_handler(lambda notice: warnings.append(notice.message_primary or ""))
    db.run("set client_min_messages = warning; drop table contact_groups cascade")
    assert [(told["table_name"], told["did"]) for told in (e["context"]["configure"] for e in new())] == [
        ("contact_groups", "drop")
    ]
    assert warnings == []
    assert db.run("select from audit.status() where problem is not null") == []


def test_a_table_that_is_made_again_under_the_old_name_starts_anew(tracked: Database) -> None:
    tracked.run("drop table things cascade; create table things (id integer primary key, other text)")
    tracked.run("select audit.track('things', 'thing')")
    tracked.run("insert into things values (1, 'x')")
    assert tracked.last()["after"] == {"id": 1, "other": "x"}
    assert tracked.run("select from audit.status() where problem is not null") == []


# -- a transaction that is older than the change -------------------------------------------------


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_transaction_older_than_a_followed_change_is_told_to_try_again(tracked: Database, level: str) -> None:
    old = tracked.connect("postgres", autocommit=False)
    old.execute(f"set transaction isolation level {level}".encode())
    old.execute("select 1 from contacts")
    tracked.run("alter table things drop colour")
    with refused("40001", "could not serialize access: capture was changed since this transaction began", hint="again"):
        old.execute("insert into things values (3, 'three', 'p')")


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_transaction_older_than_an_unfollowed_change_records_the_columns_of_today(
    tracked: Database, level: str
) -> None:
    unfollowed(tracked)
    old = tracked.connect("postgres", autocommit=False)
    old.execute(f"set transaction isolation level {level}".encode())
    old.execute("select 1 from contacts")
    tracked.run("alter table things drop colour")
    tracked.run("alter table things rename pin to code")
    new = watch(tracked)
    old.execute("insert into things values (3, 'three', 'p')")
    old.commit()
    assert [e["after"] for e in new()] == [{"id": 3, "name": "three", "code": "p"}]


# -- partitions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("followed", [True, False], ids=["followed", "unfollowed"])
def test_a_younger_partition_is_truncated_alone_or_with_the_others_and_each_row_recorded_once(
    db: Database, followed: bool
) -> None:
    db.run("create table parted (id integer primary key, v text) partition by range (id)")
    db.run("create table low partition of parted for values from (0) to (10)")
    db.run("select audit.track('parted', 'part')")
    if not followed:
        unfollowed(db)
    db.run("create table high partition of parted for values from (10) to (20)")
    db.run("insert into parted values (1, 'a'), (11, 'b')")
    new = watch(db)
    if followed:
        db.run("truncate high")
        assert [e["record_id"] for e in new()] == ["11"]
        assert status(db, "public.parted")["problem"] is None
    else:
        db.run("truncate parted")
        assert sorted(e["record_id"] for e in new()) == ["1", "11"]
        assert "missing" in status(db, "public.parted")["problem"]


def test_the_truncate_trigger_writes_nothing_for_a_table_that_is_not_the_one_it_names(tracked: Database) -> None:
    number = tracked.value("select tracked_id from audit.tracked where table_name = 'things'")
    tracked.run("create table other (id integer)")
    tracked.run(f"create trigger forge before truncate on other execute function audit.capture_truncate({number})")
    new = watch(tracked)
    tracked.run("insert into other values (1); truncate other")
    assert (new(), tracked.value("select count(*) from other")) == ([], 0)


def test_a_partition_that_is_detached_is_truncated_like_any_table_and_no_longer_recorded(db: Database) -> None:
    db.run("create table parted (id integer primary key) partition by range (id)")
    db.run("create table low partition of parted for values from (0) to (10)")
    db.run("select audit.track('parted', 'part')")
    db.run("insert into parted values (1); alter table parted detach partition low")
    new = watch(db)
    db.run("insert into low values (2); delete from low where id = 1; truncate low")
    assert new() == []
    assert status(db, "public.parted")["problem"] is None


def test_an_own_trigger_after_each_insert_makes_capture_go_row_by_row_so_that_events_keep_their_order(
    tracked: Database,
) -> None:
    tracked.run(
        "create function number_it() returns trigger language plpgsql as "
        "'begin update things set pin = ''#'' || new.id where id = new.id; return null; end'"
    )
    tracked.run("create trigger number_it after insert on things for each row execute function number_it()")
    new = watch(tracked)
    tracked.run("insert into things values (3, 'three'), (4, 'four')")
    assert [(e["action"], e["record_id"]) for e in new()] == [
        ("insert", "3"),
        ("update", "3"),
        ("insert", "4"),
        ("update", "4"),
    ]
    assert status(tracked, "public.things")["problem"] is None
