"""Values of every type under capture: the image is what to_jsonb() says, and the row comes back from it."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import watch
from tests.sql.test_any_table import PINNED, follow

TYPES = """
create type mood as enum ('sad', 'glad', 'so "so", really');
create domain score as integer check (value > 0);
create domain scores as integer[] check (cardinality(value) < 9);
create type pair as (a integer, b text);
create type nest as (name text, pairs pair[], one pair, at timestamptz, moods mood[], doc json, n numeric[]);
create domain pair_of_mine as pair;
create type span as range (subtype = float8);
"""

#: One value and another, of each type to_jsonb() has a way of its own for, and of each that it writes as text.
VALUES = {
    "smallint": ("-32768", "32767"), "integer": ("-2147483648", "0"), "bigint": ("-9223372036854775808", "1"),
    "numeric": ("'NaN'", "'Infinity'"), "numeric(1000,500)": ("1e-400", "1e400"), "numeric[]": ("'{NaN,-Infinity,1.50,NULL}'", "'{}'"),
    "real": ("'NaN'", "'-Infinity'"), "double precision": ("'Infinity'", "5e-324"), "float8[]": ("'{NaN,Infinity,-0,NULL}'", "'{1e300}'"),
    "boolean": ("true", "null"), "boolean[]": ("'{t,NULL,f}'", "'{{t},{f}}'"),
    "text": ("E'a\\nb\\t\\\\\"''{}()'", "''"), "varchar(9)": ("'ü'", "'*'"), "char(5)": ("'ab'", "'**'"), '"char"': ("'a'", "''"), "name": ("'n'", "'m'"),
    "text[]": ("'{NULL,\"NULL\",\"\",\"a,b\",\"{}\",\"\\\"\"}'", "'{{a,b},{NULL,d}}'"), "text[][]": ("'{{{a}},{{b}}}'", "null"),
    "bytea": (r"'\x00ff'", "''"), "bytea[]": (r"array['\x00'::bytea, null]", "'{}'"), "uuid": ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'00000000-0000-0000-0000-000000000000'"),
    "date": ("'infinity'", "'-infinity'"), "date[]": ("'{infinity,NULL,2026-02-03}'", "'{0044-03-15 BC}'"),
    "time": ("'24:00'", "'00:00:00.000001'"), "timetz": ("'01:02:03+05:30'", "'24:00-15:59'"),
    "timestamp": ("'infinity'", "'0044-03-15 12:00 BC'"), "timestamptz": ("'-infinity'", "'2026-02-03 04:05:06.789+05:45'"),
    "timestamptz[]": ("'{infinity,NULL,\"2026-01-01 00:00+02\"}'", "'{}'"), "interval": ("'1 mon -3 days 04:05:06.7'", "'-178000000 years'"),
    "json": ("'{\"b\": [1, null, \"x\"], \"a\": {}}'", "'null'"), "jsonb": ("'{\"b\": [1.0, null]}'", "'null'"),
    "json[]": ("array['{\"a\": 1}'::json, null]", "'{}'"), "jsonb[]": ("array['{\"k\": [1]}'::jsonb, '\"s\"', null]", "'{}'"), "jsonpath": ("'$.a[*]'", "'strict $'"),
    "money": ("'-92233720368547758.08'", "1.5"), "bit(3)": ("B'101'", "B'000'"), "bit varying": ("B'1'", "B''"),
    "inet": ("'192.0.2.1/24'", "'2001:db8::1/64'"), "cidr": ("'192.0.2.0/24'", "'::/0'"),
    "macaddr": ("'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"), "macaddr8": ("'08:00:2b:01:02:03:04:05'", "'08:00:2b:01:02:03:04:06'"),
    "point": ("'(1,-0)'", "'(Infinity,NaN)'"), "line": ("'{1,2,3}'", "'{0,1,1e300}'"), "lseg": ("'[(1,2),(3,4)]'", "'[(0,0),(0,0)]'"),
    "box": ("'(1,2),(0,0)'", "'(Infinity,1),(0,-Infinity)'"), "box[]": ("'{(1,2),(0,0);(3,4),(1,1)}'", "'{}'"), "point[]": ("'{\"(1,2)\",NULL}'", "'{}'"),
    "path": ("'[(1,2),(3,4)]'", "'((1,2),(3,4))'"), "polygon": ("'((0,0),(1,1),(2,0))'", "'((0,0))'"), "circle": ("'<(0,0),1>'", "'<(1,1),Infinity>'"),
    "tsvector": ("$$'it''s':1A b:2$$", "''"), "tsquery": ("'a & !(b | c)'", "''"),
    "int4range": ("'[1,5)'", "'empty'"), "int8range": ("'(,)'", "'[1,)'"), "numrange": ("'(1.0,2.50]'", "'(,2)'"), "daterange": ("'[2026-01-01,infinity]'", "'empty'"),
    "tsrange": ("'[2026-01-01,2026-01-02)'", "'(,)'"), "tstzrange": ("'[2026-01-01 00:00+02,)'", "'[2026-01-02 00:00+02,infinity)'"), "int4range[]": ("'{\"[1,5)\",NULL,empty}'", "'{}'"),
    "int4multirange": ("'{[1,2),[5,9)}'", "'{}'"), "tstzmultirange": ("'{[2026-01-01 00:00+02,)}'", "'{}'"), "nummultirange[]": ("array['{[1.0,2]}'::nummultirange]", "'{}'"),
    "pg_lsn": ("'16/B374D848'", "'0/0'"), "oid": ("4294967295", "0"), "xid": ("'1'", "'2'"), "xid8": ("'18446744073709551615'", "'0'"), "cid": ("'1'", "'2'"), "tid": ("'(0,1)'", "'(1,1)'"),
    "pg_snapshot": ("'10:20:10,14'", "'1:1:'"), "txid_snapshot": ("'10:20:10,14'", "'1:1:'"), "refcursor": ("'c'", "'d'"), "aclitem[]": ("'{postgres=r/postgres}'", "'{}'"),
    "int2vector": ("'1 2 3'", "'1'"), "oidvector": ("'1 2'", "'3'"), "regclass": ("'pg_class'", "0"), "regtype": ("'integer'", "'text'"), "regproc": ("'now'", "0"),
    "regprocedure": ("'abs(integer)'", "0"), "regoper": ("0", "0::oid::regoper"), "regoperator": ("'+(integer,integer)'", "0"), "regrole": ("'postgres'", "0"),
    "regnamespace": ("'pg_catalog'", "0"), "regconfig": ("'english'", "'simple'"), "regdictionary": ("'simple'", "'english_stem'"), "regcollation": ("'\"C\"'", "'\"POSIX\"'"),
    "mood": ("'so \"so\", really'", "'sad'"), "mood[]": ("'{sad,NULL,\"so \\\"so\\\", really\"}'", "'{}'"), "score": ("1", "2"), "scores": ("'{1,NULL}'", "'{{1},{2}}'"), "score[]": ("'{1,NULL,3}'", "'{}'"),
    "pair": ("row(1, 'x')", "row(null, '\"(,)\\')"), "pair[]": ("array[row(1, 'x'), null, row(null, null)]::pair[]", "'{}'"), "pair_of_mine": ("row(1, 'x')::pair", "null"),
    "nest": ("row('n', array[row(1, 'a,\"b\"')::pair, null], row(2, null), '2026-02-03 04:05+01', '{sad,NULL}', '{\"k\": [1]}', '{NaN,1.0}')", "row(null, '{}', null, 'infinity', null, null, null)"),
    "nest[]": ("array[row('n', array[row(1, 'a')::pair], null, null, '{glad}', '[]', null)]::nest[]", "'{}'"), "span": ("'[1.5,Infinity]'", "'empty'"), "span[]": ("'{\"[1,2)\"}'", "'{}'"),
    "contacts": ("(select c from contacts c limit 1)", "null"), "hstore": ("'a=>1, b=>NULL'", "''"), "citext": ("'A'", "'a'"), "citext[]": ("'{A,NULL}'", "'{}'"), "xml": ("'<a>é</a>'", "'<b/>'"),
}  # fmt: skip

#: What a JSON array does not hold: where an array begins. The image is right, what is made of it begins at 1.
BOUNDS = ("'[2:3]={a,NULL}'", "'[0:1][-1:0]={{a,b},{c,d}}'")

EXTENSIONS = {"hstore": "hstore", "citext": "citext", "citext[]": "citext"}


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_of_any_type_is_recorded_as_to_jsonb_has_it_and_given_back(db: Database, kind: str) -> None:
    db.run(TYPES)
    if kind in EXTENSIONS:
        there = db.value("select exists (select from pg_available_extensions where name = %s)", EXTENSIONS[kind])
        assert there, f"this server has no extension {EXTENSIONS[kind]}: install postgresql-contrib"
        db.run(f"create extension {EXTENSIONS[kind]}")

    def as_kind(value: str) -> str:
        return f"cast({value} as {kind})"

    one, other = VALUES[kind]
    if kind == "xml" and not db.value("select setting like '%%libxml%%' from pg_config where name = 'CONFIGURE'"):
        # A server built without libxml makes no xml values, so there is none to capture; the column alone must do no harm.
        one, other = "null", "null"
    db.run("insert into contacts (id, first_name, tags) values (5, 'Ada', '{x}')")
    db.run(f"create table sample (id integer primary key, v integer, value {kind}, same {kind})")
    if kind in EXTENSIONS:
        db.run("select audit.track('sample'); insert into sample values (1, 1, " + one + ")")
        # Casts of others are not run by the log: their types are text in it.
        assert db.last()["after"]["value"] == db.value("select to_jsonb(concat(value)) from sample") or kind.endswith(
            "[]"
        )
        db.run("delete from sample")
        db.run(db.value("select audit.restore_sql(%s)", db.last()["event_id"]))
        assert db.value(f"select value is not distinct from {one}::{kind} from sample")
        return
    events = follow(
        db,
        "sample",
        insert=f"insert into sample values (1, 1, {one}, {one})",
        update=f"update sample set value = {other}, v = 2",
    )
    assert events[1]["changed_fields"] in (["v", "value"], ["v"])
    differ = f"select to_jsonb({as_kind(one)})::text is distinct from to_jsonb({as_kind(other)})::text"
    assert ("value" in events[1]["changed_fields"]) == db.value(differ)
    assert db.value(f"select to_jsonb(same)::text is not distinct from to_jsonb({as_kind(one)})::text from sample")


@pytest.mark.parametrize("value", BOUNDS)
def test_where_an_array_begins_is_not_in_json_but_a_change_of_it_is_an_event(db: Database, value: str) -> None:
    db.run(f"{PINNED}; create table sample (id integer primary key, value text[]); select audit.track('sample')")
    new = watch(db)
    db.run(f"insert into sample values (1, {value}); update sample set value = value[:]")
    assert [e["after"]["value"] for e in new()] == [db.value("select to_jsonb(value) from sample")] * 2
    assert db.value("select old_row <> new_row from audit.log where event_id = %s", new()[1]["event_id"])


def test_every_type_that_a_column_may_have_has_a_value_here(db: Database) -> None:
    """So that a type of a new server is not forgotten."""
    known = {k.partition("(")[0].removesuffix("[]").removesuffix("[]") for k in VALUES} | {
        "character varying",
        "character",
        '"char"',
        "bit",
    }
    known |= {
        "time without time zone",
        "time with time zone",
        "timestamp without time zone",
        "timestamp with time zone",
    }
    types = db.run(
        "select format_type(oid, null) from pg_type where typnamespace = 'pg_catalog'::regnamespace and typtype in ('b', 'r', 'm') "
        "and typcategory <> 'A' and typisdefined and typname !~ '^(pg_node_tree|pg_ndistinct|pg_dependencies|pg_mcv_list|pg_brin_.*|gtsvector)$'"
    )
    missing = {kind for (kind,) in types} - known
    assert missing <= {
        "aclitem",
        "datemultirange",
        "int8multirange",
        "nummultirange",
        "tsmultirange",
        "regdatabase",
        "oid8",
    }, missing
