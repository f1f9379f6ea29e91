"""Reading the log back: history, the table as it was, what would undo an event, the report, and imports."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Database
from tests.sql.support import MASKED, REFERENCES, Reference, actions, every_table, refused, rows_of, seed, watch

# -- history -------------------------------------------------------------------------------------


def history(db: Database, table: str, record_id: str) -> list[tuple[Any, ...]]:
    return db.run("select action, table_name, record_label from audit.history(%s::regclass, %s)", table, record_id)


def test_history_is_every_event_of_one_record_oldest_first(shared: Database) -> None:
    app = shared.connect()
    mark = shared.value("select coalesce(max(event_id), 0) from audit.events")
    app.execute("insert into contacts (id, first_name) values (501, 'Ada'), (502, 'Bo')")
    app.execute("update contacts set first_name = 'Adah' where id = 501")
    app.execute("delete from contacts where id = 501")
    found = shared.run(
        "select action, record_label, occurred_at from audit.history('contacts', '501') where event_id > %s", mark
    )
    assert [row[:2] for row in found] == [("insert", "Ada"), ("update", "Adah"), ("delete", "Adah")]
    assert [row[2] for row in found] == sorted(row[2] for row in found)


def test_history_of_a_group_includes_who_joined_and_left_it(db: Database) -> None:
    seed(db)
    app = db.connect()
    app.execute("insert into contact_groups (contact_id, group_id) values (2, 1)")
    app.execute("delete from contact_groups where contact_id = 1")
    app.execute("update groups set name = 'Directors' where id = 1")
    assert history(db, "groups", "1") == [
        ("insert", "groups", "Board"),
        ("insert", "contact_groups", "Board"),
        ("insert", "contact_groups", "Board"),
        ("delete", "contact_groups", "Board"),
        ("update", "groups", "Directors"),
    ]
    assert {table for _, table, _ in history(db, "contact_groups", "1")} == {"contact_groups"}


def test_history_of_a_record_that_never_was_is_empty(shared: Database) -> None:
    assert history(shared, "contacts", "987654321") == []
    assert shared.run("select * from audit.history('contacts', null)") == []


def test_history_and_as_of_refuse_a_table_that_is_not_tracked_and_list_the_tracked(db: Database) -> None:
    db.run("create table loose (id int primary key)")
    for call in ("audit.history('loose', '1')", "audit.as_of(null::loose, now())"):
        with refused(
            "42704", "public.loose is not tracked", detail="public.contacts", hint="audit.track('public.loose')"
        ):
            db.run(f"select * from {call}")


# -- as_of ---------------------------------------------------------------------------------------


def then(db: Database, table: str, at: Any) -> list[dict[str, Any]]:
    rows = db.run(f"select to_jsonb(t) from audit.as_of(null::{table}, %s) t", at)
    hidden = {"password_hash": MASKED} if table == "users" else {}
    return sorted((row | hidden for (row,) in rows), key=str)


@every_table
def test_as_of_equals_a_copy_taken_earlier_whatever_happened_since(shared: Database, at: Reference) -> None:
    seed(shared)
    app = shared.connect()
    copies: list[tuple[Any, list[dict[str, Any]]]] = []
    for change in (
        at.insert,
        at.update,
        f"update {at.table} set {at.new_key} where {at.where_changed}",
        f"delete from {at.table}",
        at.insert,
    ):
        app.execute(change)
        copies.append((shared.value("select clock_timestamp()"), sorted(rows_of(shared, at.table), key=str)))
    shared.run(f"truncate {at.table} cascade")
    copies.append((shared.value("select clock_timestamp()"), []))
    for moment, copy in copies:
        assert then(shared, at.table, moment) == copy


def test_as_of_a_moment_before_capture_is_empty(shared: Database) -> None:
    seed(shared)
    assert then(shared, "contacts", datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_as_of_knows_rows_older_than_capture_from_their_baseline(db: Database) -> None:
    db.run("create table things (id int primary key, name text)")
    db.run("insert into things values (1, 'old')")
    db.run("select audit.track('things', baseline => true)")
    at = db.value("select clock_timestamp()")
    db.run("delete from things")
    assert db.run("select * from audit.as_of(null::things, %s)", at) == [(1, "old")]
    assert db.run("select * from audit.as_of(null::things, clock_timestamp())") == []


def test_as_of_keeps_composite_keys_apart(db: Database) -> None:
    db.run("create table pairs (a text, b text, v int, primary key (a, b))")
    db.run("select audit.track('pairs')")
    db.run("insert into pairs values ('x', 'y', 1), ('x', 'z', 2), ('x,y', '', 3)")
    at = db.value("select clock_timestamp()")
    db.run("update pairs set b = 'w' where b = 'y'")
    db.run("delete from pairs where b = 'z'")
    assert db.run("select v from audit.as_of(null::pairs, %s) order by v", at) == [(1,), (2,), (3,)]
    assert db.run("select v, b from audit.as_of(null::pairs, clock_timestamp()) order by v") == [(1, "w"), (3, "")]


def test_as_of_and_restore_sql_refuse_a_table_without_a_primary_key(db: Database) -> None:
    db.run("create table notes (body text)")
    db.run("select audit.track('notes')")
    db.run("insert into notes values ('x')")
    with refused("0A000", "audit.as_of: public.notes has no primary key", hint="audit.report"):
        db.run("select * from audit.as_of(null::notes, now())")
    with refused("0A000", "audit.restore_sql: public.notes has no primary key", hint="before and after"):
        db.run("select audit.restore_sql(%s)", db.last()["event_id"])


# -- restore_sql ---------------------------------------------------------------------------------


def undo(db: Database, event: dict[str, Any]) -> str:
    statement = db.value("select audit.restore_sql(%s)", event["event_id"])
    db.run(statement)
    return statement


@contextmanager
def undone(db: Database, *tables: str) -> Generator[None]:
    """What happens inside, taken back event by event, leaves the tables as they were."""
    before = {table: sorted(rows_of(db, table), key=str) for table in tables}
    new = watch(db)
    yield
    events = new()
    assert events
    for event in reversed(events):
        undo(db, event)
    assert {table: sorted(rows_of(db, table), key=str) for table in tables} == before


UNMASKED = [at for at in REFERENCES if at.table != "users"]


@every_table
def test_an_undone_insert_takes_the_row_out_and_no_other(shared: Database, at: Reference) -> None:
    seed(shared)
    with undone(shared, at.table):
        shared.run(at.insert)


@every_table
def test_an_undone_update_gives_the_values_back(shared: Database, at: Reference) -> None:
    seed(shared)
    shared.run(at.insert)
    with undone(shared, at.table):
        shared.run(at.update)


@every_table
def test_an_undone_key_change_gives_the_old_key_back(shared: Database, at: Reference) -> None:
    seed(shared)
    shared.run(at.insert)
    with undone(shared, at.table):
        shared.run(f"update {at.table} set {at.new_key} where {at.where}")


@pytest.mark.parametrize("at", UNMASKED, ids=str)
def test_an_undone_delete_gives_the_row_back(shared: Database, at: Reference) -> None:
    seed(shared)
    shared.run(at.insert)
    with undone(shared, at.table):
        shared.run(at.delete)


def test_an_undone_truncate_gives_every_row_back(shared: Database) -> None:
    seed(shared)
    shared.run("update contacts set address = %s, tags = %s, notes = 'it''s'", Jsonb({"a": [1, None]}), ["x", 'y"z'])
    shared.run("truncate contact_groups")
    with undone(shared, "contacts"):
        shared.run("truncate contacts cascade")


def test_undoing_never_runs_by_itself(shared: Database) -> None:
    seed(shared)
    new = watch(shared)
    shared.run("delete from contacts where id = 2")
    before = rows_of(shared, "contacts")
    for event in new():
        shared.run("select audit.restore_sql(%s)", event["event_id"])
    assert rows_of(shared, "contacts") == before


def test_a_change_to_masked_values_only_cannot_be_given_back_and_says_so(shared: Database) -> None:
    seed(shared)
    new = watch(shared)
    shared.run("update users set password_hash = 'another' where id = 1")
    (event,) = new()
    statement = undo(shared, event)
    assert statement.startswith("-- Only values that are never stored were changed in public.users")
    assert shared.value("select password_hash from users where id = 1") == "another"


def test_undoing_leaves_columns_that_the_event_did_not_change_as_they_are_now(shared: Database) -> None:
    seed(shared)
    new = watch(shared)
    shared.run("update contacts set phone = '1' where id = 1")
    (event,) = new()
    shared.run("update contacts set last_name = 'Later' where id = 1")
    undo(shared, event)
    assert shared.run("select phone, last_name from contacts where id = 1") == [(None, "Later")]


def test_generated_and_identity_columns_do_not_stand_in_the_way_of_undoing(db: Database) -> None:
    db.run(
        "create table sums (id int generated always as identity primary key, a int, "
        "twice int generated always as (a * 2) stored)"
    )
    db.run("select audit.track('sums')")
    db.run("insert into sums (a) values (1), (2)")
    with undone(db, "sums"):
        db.run("update sums set a = 5 where id = 1")
        db.run("delete from sums where id = 2")


@pytest.mark.parametrize("event_id", [-1, None])
def test_undoing_an_event_that_is_not_there_is_refused(shared: Database, event_id: int | None) -> None:
    with refused("P0002", "audit.restore_sql: there is no event", hint="first column of audit.report"):
        shared.run("select audit.restore_sql(%s)", event_id)


def test_undoing_an_event_that_changed_no_row_is_refused(shared: Database) -> None:
    event = shared.value("select max(event_id) from audit.events where action = 'configure'")
    with refused("22023", 'is "configure", which changed no row', hint="insert, update, delete and truncate"):
        shared.run("select audit.restore_sql(%s)", event)


def test_undoing_in_a_table_that_is_no_longer_tracked_is_refused(db: Database) -> None:
    db.run("insert into contacts (id) values (1)")
    event = db.last()["event_id"]
    db.run("select audit.untrack('contacts')")
    with refused("42704", "contacts is not tracked"):
        db.run("select audit.restore_sql(%s)", event)


# -- the report ----------------------------------------------------------------------------------


def report(db: Database, columns: str = "category, action, record_id, record_label") -> list[tuple[Any, ...]]:
    return db.run(f"select {columns} from audit.report where action <> 'configure' order by event_id")


@pytest.mark.parametrize(
    ("entity", "action", "category"),
    [
        ("contact", "insert", "contacts"),
        ("contact", "export", "exports"),
        ("report", "export", "exports"),
        ("group", "delete", "groups"),
        ("user", "update", "users"),
        ("user", "sign_in", "access"),
        ("user", "sign_in_failed", "access"),
        ("user", "sign_out", "access"),
        ("user", "denied", "access"),
        ("report", "view", "access"),
        ("contact", "erase", "settings"),
        ("contact", "retain", "settings"),
        ("contact", "configure", "settings"),
        ("invoice", "baseline", "other"),
    ],
)
def test_the_report_sorts_events_into_categories(db: Database, entity: str, action: str, category: str) -> None:
    before = Jsonb({"id": 1}) if action in ("update", "delete") else None
    after = Jsonb({"id": 2}) if action in ("insert", "update", "baseline") else None
    event = db.value(
        "insert into audit.events (entity, action, schema_name, table_name, before, after, changed_fields) "
        "values (%s, %s, 'public', 'x', %s, %s, %s) returning event_id",
        *(entity, action, before, after, ["id"] if action == "update" else None),
    )
    assert db.value("select category from audit.report where event_id = %s", event) == category


def test_a_membership_takes_the_name_of_its_group_as_it_was_at_the_time(db: Database) -> None:
    db.run("insert into contacts (id) values (1), (2)")
    db.run("insert into groups (id, name) values (1, 'Board')")
    db.run("insert into contact_groups values (1, 1)")
    db.run("update groups set name = 'Directors'")
    db.run("insert into contact_groups values (2, 1)")
    members = db.run(
        "select category, record_id, record_label from audit.report where table_name = 'contact_groups' "
        "and action = 'insert' order by event_id"
    )
    assert members == [("groups", "1", "Board"), ("groups", "1", "Directors")]


def test_a_permission_takes_the_name_of_its_person(db: Database) -> None:
    seed(db)
    labels = db.run("select record_label from audit.report where table_name = 'user_permissions' order by event_id")
    assert ("Una",) in labels
    assert (None,) not in labels


def test_a_deleted_record_keeps_its_name_and_so_do_its_memberships(db: Database) -> None:
    db.run("insert into contacts (id, first_name, last_name) values (1, 'Ada', 'King')")
    db.run("insert into groups (id, name) values (1, 'Board')")
    db.run("insert into contact_groups values (1, 1)")
    db.run("delete from groups")
    db.run("delete from contacts")
    deleted = [row for row in report(db) if row[1] == "delete"]
    assert sorted(deleted) == [
        ("contacts", "delete", "1", "Ada King"),
        ("groups", "delete", "1", "Board"),
        ("groups", "delete", "1", "Board"),
    ]


def test_a_record_never_takes_the_name_of_another_kind_of_record_with_the_same_key(db: Database) -> None:
    db.run("insert into groups (id, name) values (7, 'Board')")
    db.run("insert into contacts (id) values (7)")
    assert report(db)[-1] == ("contacts", "insert", "7", None)


# -- imports -------------------------------------------------------------------------------------

LACKS = (
    "audit.import_events: an event lacks occurred_at, entity or action, lies in the future, "
    "or has a before, after or context that is no object"
)
LAST_YEAR = datetime.now(UTC).replace(day=15, hour=12) - timedelta(days=400)

OLD = {
    "occurred_at": LAST_YEAR.isoformat(),
    "entity": "contact",
    "schema_name": "public",
    "table_name": "contacts",
    "record_id": "1",
    "record_label": "Ada",
    "action": "update",
    "before": {"id": 1, "first_name": "Ad", "phone": None},
    "after": {"id": 1, "first_name": "Ada", "phone": None},
    "actor_id": "42",
    "actor_name": "Mei",
    "context": {"from": "old system"},
}


def imported(db: Database, *events: Any) -> int:
    return db.connect("admin").execute("select audit.import_events(%s)", (Jsonb(list(events)),)).fetchone()[0]  # type: ignore[index]


def test_imported_events_are_marked_and_carry_the_importing_login(db: Database) -> None:
    assert imported(db, OLD, OLD | {"action": "delete", "after": None}) == 2
    first, second = db.events("imported_at is not null")
    assert first["occurred_at"] == LAST_YEAR
    assert first["imported_at"] > LAST_YEAR + timedelta(days=300)
    assert (first["db_user"], first["actor_id"], first["actor_name"]) == ("admin", "42", "Mei")
    assert first["changed_fields"] == ["first_name"]
    assert first["context"] == {"from": "old system"}
    assert (second["action"], second["after"]) == ("delete", None)
    assert db.value("select imported_at from audit.report where event_id = %s", first["event_id"])


def test_captured_events_are_not_marked_as_imported(shared: Database) -> None:
    new = watch(shared)
    shared.run("insert into contacts (id) values (1)")
    assert [event["imported_at"] for event in new()] == [None]


def test_an_import_creates_the_months_it_needs(db: Database) -> None:
    imported(db, OLD, OLD | {"occurred_at": (LAST_YEAR - timedelta(days=90)).isoformat()})
    assert db.value("select count(*) from audit.events_default") == 0
    tables = {table for (table,) in db.run("select distinct tableoid::regclass::text from audit.events")}
    assert f"audit.events_{LAST_YEAR:%Y_%m}" in tables
    assert f"audit.events_{LAST_YEAR - timedelta(days=90):%Y_%m}" in tables
    with refused("42501", "append-only: TRUNCATE"):
        db.run(f"truncate audit.events_{LAST_YEAR:%Y_%m}")


@pytest.mark.parametrize(
    "bad",
    [
        {"occurred_at": None},
        {"entity": None},
        {"action": None},
        {"occurred_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
        {"before": ["a", "list"]},
        {"after": "text"},
        {"context": 7},
    ],
    ids=["no time", "no entity", "no action", "future", "before a list", "after a text", "context a number"],
)
def test_an_import_with_one_bad_event_imports_none(db: Database, bad: dict[str, Any]) -> None:
    with refused("22023", LACKS, hint="Nothing was imported"):
        imported(db, OLD, OLD | bad)
    assert db.events("imported_at is not null") == []


@pytest.mark.parametrize("element", ["text", 7, None, ["list"]], ids=str)
def test_an_import_of_elements_that_are_no_objects_is_refused(db: Database, element: Any) -> None:
    with refused("22023", LACKS, hint="Nothing was imported"):
        imported(db, OLD, element)
    assert db.events("imported_at is not null") == []


@pytest.mark.parametrize("document", [{"a": 1}, "text", None], ids=str)
def test_an_import_of_something_other_than_an_array_is_refused(shared: Database, document: Any) -> None:
    for value in (Jsonb(document), None):
        with refused("22023", "audit.import_events: expected a JSON array of events", hint="columns of audit.events"):
            shared.connect("admin").execute("select audit.import_events(%s)", (value,))


def test_an_imported_event_that_contradicts_itself_is_refused_and_so_are_the_others(db: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        imported(db, OLD, OLD | {"action": "insert"})
    assert db.events("imported_at is not null") == []


def test_an_import_stores_no_more_of_a_row_than_capture_would(db: Database) -> None:
    db.run("create table papers (id int primary key, title text, secret text, junk text)")
    db.run("select audit.track('papers', mask => '{secret}', exclude => '{junk}')")
    row = {"id": 1, "title": "a", "secret": "s3cret", "junk": "j"}
    event = OLD | {"entity": "papers", "table_name": "papers", "before": row, "after": row | {"secret": "0ther"}}
    imported(db, event)
    (kept,) = db.events("imported_at is not null")
    assert kept["before"] == kept["after"] == {"id": 1, "title": "a", "secret": MASKED}
    assert kept["changed_fields"] == ["secret"]
    assert not {"s3cret", "0ther"} & set(str(kept).split("'"))


def test_an_import_of_nothing_is_no_error(shared: Database) -> None:
    assert imported(shared) == 0


@pytest.mark.parametrize("months", [-1, 121, None])
def test_partitions_are_made_for_a_sensible_number_of_months_only(shared: Database, months: int | None) -> None:
    with refused("22023", "audit.ensure_partitions: months_ahead is", hint="Leave it out"):
        shared.run("select audit.ensure_partitions(%s::integer)", months)


# -- an event is whole, or is not ----------------------------------------------------------------

ROW = Jsonb({"id": 1})
CHANGED = ["id"]


@pytest.mark.parametrize(
    ("action", "table", "before", "after", "changed"),
    [
        ("update", None, ROW, ROW, CHANGED),
        ("update", "contacts", None, ROW, CHANGED),
        ("update", "contacts", ROW, None, CHANGED),
        ("update", "contacts", ROW, ROW, None),
        ("update", "contacts", ROW, ROW, []),
        *(
            case
            for action in ("insert", "baseline")
            for case in (
                (action, None, None, ROW, None),
                (action, "contacts", ROW, ROW, None),
                (action, "contacts", None, None, None),
                (action, "contacts", None, ROW, CHANGED),
            )
        ),
        *(
            case
            for action in ("delete", "truncate")
            for case in (
                (action, None, ROW, None, None),
                (action, "contacts", None, None, None),
                (action, "contacts", ROW, ROW, None),
                (action, "contacts", ROW, None, CHANGED),
            )
        ),
        *(
            case
            for action in ("export", "view", "sign_in", "sign_in_failed", "sign_out", "denied", "erase", "retain")
            for case in ((action, None, ROW, None, None), (action, None, None, ROW, None))
        ),
        ("configure", None, ROW, None, None),
        ("configure", None, None, ROW, None),
        ("configure", None, None, None, CHANGED),
        ("invented", None, None, None, None),
        ("", None, None, None, None),
        ("INSERT", "contacts", None, ROW, None),
    ],
)
def test_an_event_that_is_not_whole_is_refused_even_from_a_superuser(
    shared: Database, action: str, table: str | None, before: Jsonb | None, after: Jsonb | None, changed: Any
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        shared.run(
            "insert into audit.events (entity, action, schema_name, table_name, before, after, changed_fields) "
            "values ('contact', %s, %s, %s, %s, %s, %s)",
            *(action, table and "public", table, before, after, changed),
        )
    assert caught.value.diag.constraint_name == "event_is_whole"


def test_a_row_event_without_its_schema_is_refused(shared: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        shared.run(
            "insert into audit.events (entity, action, table_name, after) "
            "values ('contact', 'insert', 'contacts', '{}')"
        )


def test_actions_and_tables_come_in_the_order_they_were_written(shared: Database) -> None:
    new = watch(shared)
    seed(shared)
    written = actions(new())
    assert written[0] == ("insert", "users", "1")
    assert written[-1] == ("insert", "user_permissions", "2")
