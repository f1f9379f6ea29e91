"""The report: every event in its category, every record by its name; and events that are whole."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Database
from tests.sql.support import actions, refused, seed, watch


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
    event = db.value(
        "insert into audit.log (shape_id, action, old_row, new_row) "
        "values (audit.find_subject(%s, 'public', 'x'), audit.action_code(%s), %s, %s) returning event_id",
        *(entity, action),
        '{"id": 1}' if action in ("update", "delete") else None,
        '{"id": 2}' if action in ("insert", "update", "baseline") else None,
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


# -- an event is whole, or is not ----------------------------------------------------------------

ROW, OTHER = {"id": 1}, {"id": 2}


@pytest.mark.parametrize(
    ("action", "table", "before", "after"),
    [
        ("update", None, ROW, OTHER),
        ("update", "contacts", None, ROW),
        ("update", "contacts", ROW, None),
        ("update", "contacts", ROW, ROW),
        *(
            case
            for action in ("insert", "baseline")
            for case in (
                (action, None, None, ROW),
                (action, "contacts", ROW, ROW),
                (action, "contacts", None, None),
            )
        ),
        *(
            case
            for action in ("delete", "truncate")
            for case in (
                (action, None, ROW, None),
                (action, "contacts", None, None),
                (action, "contacts", ROW, ROW),
            )
        ),
        *(
            case
            for action in ("export", "view", "sign_in", "sign_in_failed", "sign_out", "denied", "erase", "retain")
            for case in ((action, None, ROW, None), (action, None, None, ROW))
        ),
        ("configure", None, ROW, None),
        ("configure", None, None, ROW),
        ("invented", None, None, None),
        ("", None, None, None),
        ("INSERT", "contacts", None, ROW),
    ],
)
def test_an_event_that_is_not_whole_is_not_imported(
    shared: Database, action: str, table: str | None, before: Any, after: Any
) -> None:
    event = {
        "occurred_at": "2026-01-15T12:00:00Z",
        "entity": "contact",
        "action": action,
        "schema_name": table and "public",
        "table_name": table,
        "before": before,
        "after": after,
    }
    new = watch(shared)
    with refused("23514", "audit.import_events: an event contradicts itself", hint="Nothing was imported"):
        shared.run("select audit.import_events(%s)", Jsonb([event]))
    assert new() == []


def test_actions_and_tables_come_in_the_order_they_were_written(shared: Database) -> None:
    new = watch(shared)
    seed(shared)
    written = actions(new())
    assert written[0] == ("insert", "users", "1")
    assert written[-1] == ("insert", "user_permissions", "2")
