"""Values of every type under capture: the image is what to_jsonb() says, and the row comes back from it."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import watch
from tests.sql.test_any_table import PINNED, follow
from tests.sql.values import EXTENSIONS, TYPES, VALUES

#: What a JSON array does not hold: where an array begins. The image is right, what is made of it begins at 1.
BOUNDS = ("'[2:3]={a,NULL}'", "'[0:1][-1:0]={{a,b},{c,d}}'")


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_of_any_type_is_recorded_as_to_jsonb_has_it_and_given_back(passing: Database, kind: str) -> None:
    passing.run(TYPES)
    if kind in EXTENSIONS:
        there = passing.value("select exists (select from pg_available_extensions where name = %s)", EXTENSIONS[kind])
        assert there, f"this server has no extension {EXTENSIONS[kind]}: install postgresql-contrib"
        passing.run(f"create extension {EXTENSIONS[kind]}")

    def as_kind(value: str) -> str:
        return f"cast({value} as {kind})"

    one, other = VALUES[kind]
    if kind == "xml" and not passing.value("select setting like '%%libxml%%' from pg_config where name = 'CONFIGURE'"):
        # A server built without libxml makes no xml values, so there is none to capture; the column alone must do no harm.
        one, other = "null", "null"
    passing.run("insert into contacts (id, first_name, tags) values (5, 'Ada', '{x}')")
    passing.run(f"create table sample (id integer primary key, v integer, value {kind}, same {kind})")
    if kind in EXTENSIONS:
        passing.run("select audit.track('sample'); insert into sample values (1, 1, " + one + ")")
        # Casts of others are not run by the log: their types are text in it.
        assert passing.last()["after"]["value"] == passing.value(
            "select to_jsonb(concat(value)) from sample"
        ) or kind.endswith("[]")
        passing.run("delete from sample")
        passing.run(passing.value("select audit.restore_sql(%s)", passing.last()["event_id"]))
        assert passing.value(f"select value is not distinct from {one}::{kind} from sample")
        return
    events = follow(
        passing,
        "sample",
        insert=f"insert into sample values (1, 1, {one}, {one})",
        update=f"update sample set value = {other}, v = 2",
    )
    assert events[1]["changed_fields"] in (["v", "value"], ["v"])
    differ = f"select to_jsonb({as_kind(one)})::text is distinct from to_jsonb({as_kind(other)})::text"
    assert ("value" in events[1]["changed_fields"]) == passing.value(differ)
    assert passing.value(f"select to_jsonb(same)::text is not distinct from to_jsonb({as_kind(one)})::text from sample")


@pytest.mark.parametrize("value", BOUNDS)
def test_where_an_array_begins_is_not_in_json_but_a_change_of_it_is_an_event(db: Database, value: str) -> None:
    db.run(f"{PINNED}; create table sample (id integer primary key, value text[]); select audit.track('sample')")
    new = watch(db)
    db.run(f"insert into sample values (1, {value}); update sample set value = value[:]")
    assert [e["after"]["value"] for e in new()] == [db.value("select to_jsonb(value) from sample")] * 2
    assert db.value("select old_row <> new_row from audit.log where event_id = %s", new()[1]["event_id"])
