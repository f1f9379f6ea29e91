"""What a write to a tracked table leaves in the log: every operation, on every reference table."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import REFERENCES, Reference, actions, every_table, rows_of, seed, watch


@pytest.fixture
def db(shared: Database) -> Database:
    return shared


def test_an_insert_is_recorded_with_the_whole_row(db: Database) -> None:
    new = watch(db)
    db.connect().execute("insert into contacts (id, first_name, last_name) values (7, 'Ada', 'Lovelace')")
    (event,) = new()
    assert (event["action"], event["entity"], event["record_id"], event["record_label"]) == (
        "insert",
        "contact",
        "7",
        "Ada Lovelace",
    )
    assert event["before"] is None
    assert event["after"]["first_name"] == "Ada"
    assert event["db_user"] == "app"


@every_table
def test_an_insert_leaves_one_event_with_the_row_as_it_is(db: Database, at: Reference) -> None:
    seed(db)
    new = watch(db)
    db.connect().execute(at.insert)
    (event,) = new()
    assert (event["action"], event["entity"], event["schema_name"], event["table_name"], event["record_id"]) == (
        "insert",
        at.entity,
        "public",
        at.table,
        at.record_id,
    )
    assert (event["before"], event["changed_fields"]) == (None, None)
    assert [event["after"]] == rows_of(db, at.table, at.where)


@every_table
def test_an_update_leaves_one_event_with_both_rows_and_the_changed_fields_sorted(db: Database, at: Reference) -> None:
    seed(db)
    app = db.connect()
    app.execute(at.insert)
    before = rows_of(db, at.table, at.where)
    new = watch(db)
    app.execute(at.update)
    (event,) = new()
    assert (event["action"], event["entity"], event["table_name"], event["record_id"]) == (
        "update",
        at.entity,
        at.table,
        at.record_id,
    )
    assert event["changed_fields"] == list(at.changed)
    assert [event["before"]] == before
    assert event["after"] in rows_of(db, at.table)
    assert {k for k in event["after"] if event["after"][k] != event["before"][k]} == set(at.changed)


@every_table
def test_a_delete_leaves_one_event_with_the_row_that_went(db: Database, at: Reference) -> None:
    seed(db)
    app = db.connect()
    app.execute(at.insert)
    gone = rows_of(db, at.table, at.where)
    new = watch(db)
    app.execute(at.delete)
    (event,) = new()
    assert (event["action"], event["entity"], event["table_name"], event["record_id"]) == (
        "delete",
        at.entity,
        at.table,
        at.record_id,
    )
    assert (event["after"], event["changed_fields"]) == (None, None)
    assert [event["before"]] == gone


@every_table
def test_a_truncate_leaves_one_event_for_every_row_it_removes_also_in_tables_it_cascades_to(
    db: Database, at: Reference
) -> None:
    seed(db)
    before = {r.table: rows_of(db, r.table) for r in REFERENCES}
    new = watch(db)
    db.connect("postgres").execute(f"truncate {at.table} cascade")
    removed = new()
    assert {e["action"] for e in removed} == {"truncate"}
    emptied = [r.table for r in REFERENCES if not rows_of(db, r.table)]
    assert at.table in emptied
    for table in (r.table for r in REFERENCES):
        logged = [e["before"] for e in removed if e["table_name"] == table]
        expected = before[table] if table in emptied else []
        assert sorted(logged, key=str) == sorted(expected, key=str)


@every_table
def test_a_truncate_of_an_empty_table_leaves_nothing(db: Database, at: Reference) -> None:
    new = watch(db)
    db.connect("postgres").execute(f"truncate {at.table} cascade")
    assert new() == []


@every_table
def test_copy_leaves_one_event_for_every_row(db: Database, at: Reference) -> None:
    seed(db)
    new = watch(db)
    app = db.connect()
    with app.cursor().copy(f"copy {at.table} ({at.columns}) from stdin") as copy:
        copy.write_row(at.values)
    (event,) = new()
    assert (event["action"], event["record_id"]) == ("insert", at.record_id)
    assert [event["after"]] == rows_of(db, at.table, at.where)


@every_table
def test_an_insert_that_meets_a_conflict_and_updates_leaves_the_update_only(db: Database, at: Reference) -> None:
    seed(db)
    app = db.connect()
    app.execute(at.insert)
    new = watch(db)
    app.execute(f"{at.insert} on conflict ({at.key}) do update set {at.change}")
    (event,) = new()
    assert (event["action"], event["changed_fields"]) == ("update", list(at.changed))


@every_table
def test_an_insert_that_meets_a_conflict_and_does_nothing_leaves_nothing(db: Database, at: Reference) -> None:
    seed(db)
    app = db.connect()
    app.execute(at.insert)
    new = watch(db)
    app.execute(f"{at.insert} on conflict do nothing")
    assert new() == []


@every_table
def test_merge_leaves_an_insert_when_it_inserts_an_update_when_it_updates_a_delete_when_it_deletes(
    db: Database, at: Reference
) -> None:
    seed(db)
    app = db.connect()
    matches = " and ".join(f"t.{column} = v.{column}" for column in at.key.split(", "))
    merge = f"merge into {at.table} t using (values ({at.row})) v({at.columns}) on {matches} when matched then"
    insert = f"when not matched then insert ({at.columns}) values ({at.row})"
    new = watch(db)
    app.execute(f"{merge} do nothing {insert}")
    assert [e["action"] for e in new()] == ["insert"]
    app.execute(f"{merge} do nothing {insert}")
    assert [e["action"] for e in new()] == ["insert"]
    db.run("begin")
    db.run(f"{merge} update set {at.change} {insert}")
    assert [e["action"] for e in new()] == ["insert", "update"]
    db.run("rollback")
    app.execute(f"{merge} delete {insert}")
    assert [e["action"] for e in new()] == ["insert", "delete"]


@every_table
def test_an_update_that_changes_nothing_leaves_nothing(db: Database, at: Reference) -> None:
    seed(db)
    app = db.connect()
    app.execute(at.insert)
    new = watch(db)
    same = ", ".join(f"{column} = {column}" for column in at.columns.split(", "))
    app.execute(f"update {at.table} set {same}")
    assert new() == []


@every_table
def test_what_is_rolled_back_leaves_nothing(db: Database, at: Reference) -> None:
    seed(db)
    new = watch(db)
    app = db.connect(autocommit=False)
    app.execute(at.insert)
    app.execute(at.delete)
    app.rollback()
    assert new() == []


@every_table
def test_what_a_savepoint_takes_back_leaves_nothing_and_the_rest_stays(db: Database, at: Reference) -> None:
    seed(db)
    new = watch(db)
    app = db.connect(autocommit=False)
    app.execute("savepoint before_it")
    app.execute(at.insert)
    app.execute(at.update)
    app.execute("rollback to before_it")
    app.execute(at.insert)
    app.commit()
    assert [e["action"] for e in new()] == ["insert"]


@every_table
def test_replica_mode_switches_nothing_off(db: Database, at: Reference) -> None:
    seed(db)
    admin = db.connect("postgres")
    admin.execute("set session_replication_role = replica")
    new = watch(db)
    admin.execute(at.insert)
    admin.execute(at.update)
    admin.execute(f"delete from {at.table} where {at.where_changed}")
    admin.execute(f"truncate {at.table} cascade")
    told = [e["action"] for e in new() if e["table_name"] == at.table]
    assert told[:3] == ["insert", "update", "delete"]
    assert set(told[3:]) == {"truncate"}


@every_table
def test_two_updates_in_one_do_block_leave_two_events(db: Database, at: Reference) -> None:
    seed(db)
    app = db.connect()
    app.execute(at.insert)
    new = watch(db)
    again = f"update {at.table} set {at.change_back} where {at.where_changed}"
    app.execute(f"do $$ begin {at.update}; {again}; end $$")
    first, second = new()
    assert (first["action"], second["action"]) == ("update", "update")
    assert first["after"] == second["before"]
    assert first["xact_id"] == second["xact_id"]


def test_changes_of_one_transaction_have_its_number_and_each_the_time_of_its_own(shared: Database) -> None:
    new = watch(shared)
    app = shared.connect(autocommit=False)
    began = app.execute("select now()").fetchone()
    for name in ("Ada", "Bo", "Cy"):
        app.execute("insert into contacts (first_name) values (%s)", (name,))
    app.commit()
    assert began
    times = [began[0], *(e["occurred_at"] for e in new())]
    assert len(times) == 4
    assert times == sorted(set(times))
    assert len({e["xact_id"] for e in new()}) == 1


@every_table
def test_a_changed_key_leaves_one_update_under_the_old_key(db: Database, at: Reference) -> None:
    seed(db)
    app = db.connect()
    app.execute(at.insert)
    new = watch(db)
    app.execute(f"update {at.table} set {at.new_key} where {at.where}")
    (event,) = new()
    column, value = at.new_key.split(" = ")
    assert (event["action"], event["record_id"], event["changed_fields"]) == ("update", at.record_id, [column])
    assert str(event["after"][column]) == value


@pytest.mark.parametrize(("table", "where"), [("contacts", "id = 1"), ("groups", "id = 1")])
def test_a_delete_that_cascades_records_the_memberships_it_takes_along(db: Database, table: str, where: str) -> None:
    seed(db)
    new = watch(db)
    db.connect().execute(f"delete from {table} where {where}")
    events = new()
    assert sorted(actions(events)) == sorted([("delete", "contact_groups", "1"), ("delete", table, "1")])
    assert {e["db_user"] for e in events} == {"app"}
    assert len({e["xact_id"] for e in events}) == 1


def test_deleting_a_user_records_permissions_that_go_and_contacts_that_lose_their_owner(db: Database) -> None:
    seed(db)
    new = watch(db)
    db.connect().execute("delete from users where id = 1")
    events = new()
    assert sorted(actions(events)) == [
        ("delete", "user_permissions", "1"),
        ("delete", "users", "1"),
        ("update", "contacts", "1"),
        ("update", "contacts", "2"),
    ]
    assert [e["changed_fields"] for e in events if e["action"] == "update"] == [["owner_id"], ["owner_id"]]
