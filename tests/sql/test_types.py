"""Values of every type come back as they were, whatever the writer's session looks like."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Database
from tests.sql.support import watch

#: Two values of each type; the second differs from the first.
VALUES = {
    "text": ("'123'", "'1e5'"),
    "varchar(9)": ("'t'", "'null'"),
    "char(5)": ("'a'", "'b  '"),
    '"char"': ("'a'", "'b'"),
    "name": ("'a'", "'b'"),
    "boolean": ("true", "false"),
    "smallint": ("1", "-32768"),
    "integer": ("1", "2147483647"),
    "bigint": ("1", "9223372036854775807"),
    "numeric": ("1.0", "1.00"),
    "numeric(40,20)": ("0.00000000000000000001", "99999999999999999999.99999999999999999999"),
    "real": ("1.1", "'NaN'"),
    "double precision": ("0.1", "'-Infinity'"),
    "money": ("'1.50'", "'-92233720368547758.08'"),
    "bytea": (r"'\x00ff'", r"'\x5c'"),
    "date": ("'2026-02-03'", "'infinity'"),
    "time": ("'01:02:03.000004'", "'24:00'"),
    "timetz": ("'01:02:03+05:30'", "'01:02:03-08'"),
    "timestamp": ("'2026-02-03 04:05:06.000007'", "'4000-01-01 BC'"),
    "timestamptz": ("'2026-02-03 04:05:06.000007+09'", "'-infinity'"),
    "interval": ("'1 mon -3 days 04:05:06.7'", "'-1 year'"),
    "uuid": ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'"),
    "json": ("""'{"a": 1, "b": [1.0, "x"]}'""", """'[]'"""),
    "jsonb": ("""'{"b": 1.0}'""", "'[null]'"),
    "jsonpath": ("'$.a'", "'$.b'"),
    "inet": ("'192.0.2.1/24'", "'2001:db8::1'"),
    "cidr": ("'192.0.2.0/24'", "'::/0'"),
    "macaddr": ("'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"),
    "macaddr8": ("'08:00:2b:01:02:03:04:05'", "'08:00:2b:01:02:03:04:06'"),
    "bit(3)": ("B'101'", "B'100'"),
    "bit varying": ("B'1'", "B''"),
    "point": ("'(1,2)'", "'(1,3)'"),
    "line": ("'{1,2,3}'", "'{1,2,4}'"),
    "lseg": ("'[(1,2),(3,4)]'", "'[(1,2),(3,5)]'"),
    "box": ("'(1,2),(0,0)'", "'(1,3),(0,0)'"),
    "path": ("'[(1,2),(3,4)]'", "'((1,2),(3,4))'"),
    "polygon": ("'((0,0),(1,1),(2,0))'", "'((0,0),(1,1),(3,0))'"),
    "circle": ("'<(0,0),1>'", "'<(0,0),2>'"),
    "tsvector": ("'a:1 b'", "'a'"),
    "tsquery": ("'a & b'", "'a | b'"),
    "int4range": ("'[1,5)'", "'empty'"),
    "numrange": ("'[1.0,)'", "'(,2)'"),
    "tstzrange": ("'[2026-01-01 00:00+02,)'", "'[2026-01-02 00:00+02,)'"),
    "datemultirange": ("'{[2026-01-01,2026-02-01)}'", "'{}'"),
    "text[]": ("'{a,NULL,\"b c\"}'", "'{a,\"NULL\",\"b c\"}'"),
    "integer[]": ("'{{1,2},{3,4}}'", "'{{1,2},{3,5}}'"),
    "timestamptz[]": ("'{2026-01-01 00:00+02}'", "'{}'"),
    "jsonb[]": ("""'{"{\\"a\\": 1}"}'""", "'{}'"),
    "pg_lsn": ("'0/16B3748'", "'0/0'"),
    "oid": ("1", "2"),
    "regclass": ("'pg_class'", "'pg_type'"),
    "mood": ("'glad'", "'sad'"),
    "positive": ("1", "2"),
    "pair": ("row(1, 'x')", "row(2, null)"),
}  # fmt: skip

TYPES = """
create type mood as enum ('sad', 'glad');
create domain positive as integer check (value > 0);
create type pair as (a integer, b text);
"""

#: Two sessions that agree in nothing.
SESSIONS = [
    {"timezone": "America/St_Johns", "datestyle": "German", "intervalstyle": "sql_standard",
     "bytea_output": "escape", "extra_float_digits": "-15", "lc_monetary": "POSIX", "xmlbinary": "hex"},
    {"timezone": "Asia/Kathmandu", "datestyle": "SQL, DMY", "intervalstyle": "postgres_verbose",
     "bytea_output": "hex", "extra_float_digits": "3", "lc_monetary": "C", "xmlbinary": "base64"},
]  # fmt: skip


def make_samples(db: Database) -> None:
    built_with = db.value("select setting from pg_config where name = 'CONFIGURE'")
    if "libxml" not in built_with:  # no function of such a server makes an xml value
        VALUES.pop("xml", None)
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(VALUES))
    db.run(TYPES)
    db.run(f"create table samples (id integer primary key, {columns})")
    db.run("grant select, insert, update, delete on samples to app")
    db.run("select audit.track('samples')")


def test_the_json_does_not_depend_on_the_session_of_the_writer(db: Database) -> None:
    make_samples(db)
    new = watch(db)
    for n, session in enumerate(SESSIONS):
        app = db.connect()
        for name, value in session.items():
            app.execute("select set_config(%s, %s, false)", (name, value))
        app.execute(f"insert into samples values ({n}, {', '.join(a for a, _ in VALUES.values())})".encode())
        app.execute(f"update samples set ({', '.join(f'c{i}' for i in range(len(VALUES)))}) = "
                    f"row({', '.join(b for _, b in VALUES.values())}) where id = {n}".encode())  # fmt: skip
    db.run("truncate samples")
    first, second = ([{**(e["before"] or {}), "id": 0, "then": {**(e["after"] or {}), "id": 0}} for e in new()
                      if e["record_id"] == str(n)] for n in range(2))  # fmt: skip
    assert len(first) == 3
    assert first == second


def test_every_type_is_captured_compared_and_read_back(db: Database) -> None:
    make_samples(db)
    app = db.connect()
    app.execute(f"insert into samples values (1, {', '.join(a for a, _ in VALUES.values())})".encode())
    same = "select count(*) from samples s join audit.as_of(null::samples, clock_timestamp()) r on s *= r"
    assert db.value(same) == 1
    new = watch(db)
    for n, (kind, (_, other)) in enumerate(VALUES.items()):
        app.execute(f"update samples set c{n} = c{n}".encode())
        assert len(new()) == n, kind
        app.execute(f"update samples set c{n} = {other}".encode())
        assert new()[-1]["changed_fields"] == [f"c{n}"], kind
    assert db.value(same) == 1
    app.execute("delete from samples")
    assert db.value("select count(*) from audit.as_of(null::samples, clock_timestamp())") == 0


@pytest.mark.parametrize("text", ["123", "1e5", "t", "null", "true", "{}", "[1]", '"', "", " x ", "01"])
def test_text_that_looks_like_something_else_stays_text(shared: Database, text: str) -> None:
    new = watch(shared)
    shared.connect().execute("insert into contacts (first_name, notes) values ('A', %s)", (text,))
    assert new()[0]["after"]["notes"] == text


@given(values=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_and_any_array_of_texts_comes_back(shared: Database, values: list[str]) -> None:
    new = watch(shared)
    shared.connect().execute(
        "insert into contacts (first_name, tags, custom_fields) values (%s, %s, jsonb_build_object('k', %s::text[]))",
        ("".join(values), values, values),
    )
    after: dict[str, Any] = new()[0]["after"]
    assert (after["first_name"], after["tags"], after["custom_fields"]["k"]) == ("".join(values), values, values)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("{}", "{a}"),
        ("{a}", "{a,b}"),
        ("{a,b}", "{a}"),
        ("{a,b}", "{b,a}"),
        ("{a}", "{}"),
        ("{a}", "{A}"),
        ("{NULL}", "{}"),
    ],
)
def test_a_change_of_an_array_is_seen(shared: Database, was: str, becomes: str) -> None:
    app = shared.connect()
    app.execute("insert into contacts (tags) values (%s::text[])", (was,))
    new = watch(shared)
    app.execute("update contacts set tags = %s::text[]", (becomes,))
    assert [e["changed_fields"] for e in new()] == [["tags"]]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [('{"a": 1}', '{"a": 1.0}'), ('{"a": null}', "{}"), ("{}", "null"), ('{"a": [1]}', '{"a": [1, 1]}'), ('"1"', "1")],
)
def test_a_change_inside_a_json_column_is_seen(shared: Database, was: str, becomes: str) -> None:
    app = shared.connect()
    app.execute("insert into contacts (custom_fields) values (%s::jsonb)", (was,))
    new = watch(shared)
    app.execute("update contacts set custom_fields = %s::jsonb", (becomes,))
    assert [e["changed_fields"] for e in new()] == [["custom_fields"]]


@pytest.mark.parametrize("size", [3_000, 70_000, 1_000_000])
def test_a_long_value_is_kept_whole_and_compared(shared: Database, size: int) -> None:
    app = shared.connect()
    new = watch(shared)
    app.execute(
        "insert into contacts (notes) select string_agg(md5(n::text), '') from generate_series(1, %s / 32) n", (size,)
    )
    app.execute("update contacts set notes = notes || ''")
    app.execute("update contacts set notes = reverse(notes)")
    inserted, updated = new()
    assert len(inserted["after"]["notes"]) == size // 32 * 32
    assert updated["changed_fields"] == ["notes"]
    assert updated["before"] == inserted["after"]


def large(value: bytes) -> dict[str, Any]:
    return {"$size": len(value), "$sha256": sha256(value).hexdigest()}


def test_a_value_over_a_mebibyte_is_kept_as_its_size_and_sha256(shared: Database) -> None:
    app = shared.connect()
    new = watch(shared)
    text = "0123456789" * 200_000
    app.execute("insert into contacts (id, first_name, notes) values (1, 'Ada', %s)", (text,))
    app.execute("update contacts set first_name = 'Eve'")
    app.execute("update contacts set notes = reverse(notes)")
    app.execute("delete from contacts")
    inserted, renamed, reversed_, deleted = new()
    assert inserted["after"]["notes"] == renamed["before"]["notes"] == large(text.encode())
    assert inserted["after"]["first_name"] == "Ada"
    assert renamed["changed_fields"] == ["first_name"]
    assert reversed_["changed_fields"] == ["notes"]
    assert deleted["before"]["notes"] == large(text[::-1].encode())
    assert inserted["record_label"] == "Ada"
    assert shared.value("select audit.restore_sql(%s)", deleted["event_id"]).count("notes") == 0


def test_two_hundred_megabytes_in_one_value_are_written_and_captured(db: Database) -> None:
    db.run("create table files (id integer primary key, body bytea)")
    db.run("select audit.track('files')")
    db.run("insert into files select 1, decode(repeat('00', 200 * 1000 * 1000), 'hex')")
    db.run("update files set id = 2")
    db.run("truncate files")
    size = {"$size": 200_000_000, "$sha256": sha256(bytes(200_000_000)).hexdigest()}
    assert [(e["after"] or e["before"])["body"] for e in db.events()] == [size] * 3


@pytest.mark.parametrize("value", [r'{"a": "\u0000"}', '{"a": 1e1000000}'], ids=["nul", "huge number"])
def test_a_json_value_that_jsonb_cannot_hold_does_not_fail_the_write(db: Database, value: str) -> None:
    db.run("create table payloads (id integer primary key, body json)")
    db.run("select audit.track('payloads')")
    db.run("insert into payloads values (1, %s::json)", value)
    assert (db.last()["record_id"], db.last()["after"]) == ("1", {"id": 1, "body": value})
