"""Events of another system."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Database
from tests.sql.support import MASKED, refused, watch

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


def test_a_row_that_was_imported_and_then_captured_stood_once(db: Database) -> None:
    db.run("insert into contacts (id, first_name) values (1, 'Ada'), (2, 'Bo')")
    birth = {"action": "insert", "before": None, "after": {"id": 1, "first_name": "Ad"}}
    imported(db, OLD | birth, OLD | birth | {"record_id": "9", "after": {"id": 9, "first_name": "Eve"}})
    then, now = LAST_YEAR + timedelta(days=1), datetime.now(UTC) + timedelta(hours=1)
    for at, stood in ((then, [(1, "Ad"), (9, "Eve")]), (now, [(1, "Ada"), (2, "Bo"), (9, "Eve")])):
        assert db.run("select id, first_name from audit.as_of(null::contacts, %s) order by id", at) == stood


def test_captured_events_are_not_marked_as_imported(shared: Database) -> None:
    new = watch(shared)
    shared.run("insert into contacts (id) values (1)")
    assert [event["imported_at"] for event in new()] == [None]


def test_an_import_creates_the_months_it_needs(db: Database) -> None:
    imported(db, OLD, OLD | {"occurred_at": (LAST_YEAR - timedelta(days=90)).isoformat()})
    assert db.value("select count(*) from audit.log_default") == 0
    tables = {table for (table,) in db.run("select distinct tableoid::regclass::text from audit.log")}
    assert f"audit.log_{LAST_YEAR:%Y_%m}" in tables
    assert f"audit.log_{LAST_YEAR - timedelta(days=90):%Y_%m}" in tables
    with refused("42501", "append-only: TRUNCATE"):
        db.run(f"truncate audit.log_{LAST_YEAR:%Y_%m}")


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
