"""Two values of every type that a column may have."""

from __future__ import annotations

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
    "int4multirange": ("'{[1,2),[5,9)}'", "'{}'"), "int8multirange": ("'{[1,2),[5,)}'", "'{(,)}'"), "nummultirange": ("'{[1.0,2.50]}'", "'{}'"),
    "datemultirange": ("'{[2026-01-01,infinity]}'", "'{}'"), "tsmultirange": ("'{[2026-01-01,2026-01-02)}'", "'{(,)}'"), "aclitem": ("'postgres=r/postgres'", "'=r/postgres'"), "tstzmultirange": ("'{[2026-01-01 00:00+02,)}'", "'{}'"), "nummultirange[]": ("array['{[1.0,2]}'::nummultirange]", "'{}'"),
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

#: Types that come with an extension.
EXTENSIONS = {"hstore": "hstore", "citext": "citext", "citext[]": "citext"}
