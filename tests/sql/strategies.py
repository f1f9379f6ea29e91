"""Random tables and random streams of statements, for the laws."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from hypothesis import strategies as st

from tests.sql import values

#: What hidden values look like, whatever their type: one of these is in the text of each.
NEEDLES = ("7182818", "7182-08-18", "71.82.81.82", "71828182-8459")

TYPES = """
create type mood as enum ('sad', 'glad', 'so so', 'a,b');
create type pair as (a integer, b text);
create domain score as smallint check (value >= 0);
create domain words as text[] check (cardinality(value) < 9);
create type deal as (pair pair, at timestamptz, words words);
-- A server that was built without libxml has a type xml, and no values of it.
create table documents (n integer, body xml);
do $$ begin insert into documents values (0, '<a>é</a>'), (1, '<b/>'); exception when feature_not_supported then null; end $$;
"""


class Kind(NamedTuple):
    """A type, with SQL for values of it."""

    name: str
    values: tuple[str, ...]
    #: Values with a needle in them. Columns of kinds without are never hidden.
    secrets: tuple[str, ...] = ()
    key: bool = False
    #: Where a table may be split into partitions.
    split: str = ""
    #: What a column of it may become.
    wider: str = ""

    def __repr__(self) -> str:
        return f"KINDS[{self.name!r}]"

    def value(self, n: int, *, secret: bool, required: bool) -> str:
        """The value number n; 0 is null where that is allowed."""
        if n == 0 and not required:
            return f"cast(null as {self.name})"
        values = (self.secrets if secret else ()) or self.values
        return f"cast({values[n % len(values)]} as {self.name})"


KINDS = {
    kind.name: kind
    for kind in [
        Kind("integer", ("1", "2", "3", "-7", "2147483647"), ("7182818", "71828180"), True, "3", "bigint"),
        Kind("bigint", ("1", "2", "9223372036854775807"), ("7182818", "71828180"), True, "2", "numeric"),
        Kind("numeric", ("1.0", "1.00", "'NaN'", "-1e-20", "1e40"), ("7182818.1", "7182818.10"), True, "", "text"),
        Kind("text", ("''", "'*'", "'O''Neil'", "E'a\\nb\\\\c\"(,)'", "'null'", "'{\"a\": 1}'", "' Zoë '"),
             ("'7182818'", "'x7182818'"), True, "'P'"),
        Kind("varchar(9)", ("'a'", "'b'", "'null'", "''"), ("'7182818'", "'x7182818'"), True, "'b'", "varchar(20)"),
        Kind("varchar(20)", ("'a'", "'**'"), ("'7182818'", "'x7182818'"), True, "'b'", "text"),
        Kind("boolean", ("true", "false"), (), True),
        Kind("date", ("'2026-02-03'", "'infinity'", "'0044-03-15 BC'"), ("'7182-08-18'",), True, "'2026-01-01'", "timestamp"),
        Kind("timestamp", ("'2026-02-03 04:05:06.000007'", "'-infinity'"), ("'7182-08-18 01:00'",), True, "'2026-01-01'"),
        Kind("timestamptz", ("'2026-02-03 04:05:06.7+09'", "'infinity'", "'2026-02-02 19:05:06.7Z'"),
             ("'7182-08-18 12:00Z'",), True, "'2026-01-01Z'"),
        Kind("interval", ("'P1M-3DT4H'", "'-1 year'", "'1 day'", "'24 hours'"), ("'7182818 days'",), True),
        Kind("uuid", ("'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'"),
             ("'71828182-8459-0452-3536-028747135266'",), True, "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'"),
        Kind("bytea", ("'\\x00ff'", "'\\x5c'", "'\\x'"), ("'\\x7182818284'",), True),
        Kind("json", ("'{\"a\":  1.0, \"a\": 2}'", "'[]'", "'\"x\"'", "'null'"), ("'{\"needle\": 7182818}'",)),
        Kind("jsonb", ("'null'", "'{\"a\": 1.0}'", "'{\"a\": 1}'", "'[null]'", "'{\"$masked\": true}'", "'{\"$row\": \"\"}'"),
             ("'[7182818]'",), True),
        Kind("double precision", ("0.1", "'NaN'", "'-Infinity'", "1e300"), ("7182818.5",), True),
        Kind("point", ("'(1,2)'", "'(1,3)'"), ("'(7182818,1)'",)),
        Kind("inet", ("'192.0.2.1/24'", "'2001:db8::1'", "'192.0.2.1'"), ("'71.82.81.82'",), True),
        Kind("integer[]", ("'{}'", "'{{1,2},{3,NULL}}'", "'{1}'", "'[0:0]={1}'"), ("'{7182818}'",), True, "", "bigint[]"),
        Kind("bigint[]", ("'{}'", "'{1}'"), ("'{7182818}'",), True),
        Kind("text[]", ("'{a,NULL,\"b c\"}'", "'{a,\"NULL\",\"b\\\"c\"}'", "'{}'"), ("'{7182818}'",), True),
        Kind("mood", ("'sad'", "'glad'", "'a,b'"), (), True),
        Kind("pair", ("row(1, 'x')", "row(null, null)", "row(1, '(\"a')"), ("row(7182818, 'x')",), True),
        Kind("int4range", ("'[1,5)'", "'empty'", "'(,)'"), ("'[7182818,7182819)'",), True),
        Kind("tstzrange", ("'[2026-01-01 00:00+02,)'", "'(,2026-01-01 00:00+02]'"), ("'[7182-08-18 12:00Z,)'",), True),
        Kind("score", ("0", "32767"), (), True, "", "integer"),
        Kind("words", ("'{}'", "'{a,\"\"}'", "'[3:4]={a,b}'"), ("'{x7182818}'",), True),
        Kind("deal", ("row(row(1, 'x'), '2026-01-01 00:00+05', '{a}')", "row(null, null, null)"), ("row(row(7182818, null), null, null)",), True),
        Kind("real", ("0.1", "'-0'", "'Infinity'", "1e-30"), ("7182818",), True, "", "double precision"),
        Kind("time", ("'04:05:06.000007'", "'24:00'"), (), True),
        Kind("timetz", ("'04:05:06+05'", "'04:05:06-08'"), (), True),
        Kind("money", ("'1.10'", "'-3'"), (), True),
        Kind("char(4)", ("'a'", "''", "'a  b'"), (), True, "", "text"),
        Kind('"char"', ("'a'", "''"), (), True),
        Kind("bit varying", ("B'101'", "B''"), (), True),
        Kind("macaddr", ("'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"), (), True),
        Kind("tsvector", ("'a b:1A'", "''"), ("'x7182818'",), True),
        Kind("box", ("'(1,2),(0,0)'", "'(1,3),(0,0)'"), ("'(7182818,1),(0,0)'",)),
        Kind("box[]", ("'{(1,2),(0,0);(1,3),(0,0)}'", "'{}'")),
        Kind("datemultirange", ("'{[2026-01-01,2026-01-05),[2026-02-01,)}'", "'{}'"), ("'{[7182-08-18,)}'",), True),
        Kind("mood[]", ("'{sad}'", "'{glad,sad}'")),
        Kind("pair[]", ("array[row(1, 'x')]::pair[]", "array[]::pair[]"), ("array[row(7182818, 'x')]::pair[]",)),
        Kind("xml", ("(select body from documents where n = 0)", "(select body from documents where n = 1)")),
    ]
}  # fmt: skip
OWN = {"contacts", *values.EXTENSIONS, *re.findall(r"create (?:type|domain) (\w+)", values.TYPES)}
KINDS.update(
    (name, Kind(name, samples))
    for name, samples in values.VALUES.items()
    if name not in KINDS and name.removesuffix("[]") not in OWN
)

#: Also what generated code calls its own rows and variables, and what needs quotes.
NAMES = ["id", "v", "old", "new", "was", "captured", "key", "Übel", 'a"b', "c d", "image", "previous"]


class Column(NamedTuple):
    uid: int  # what stays when it is renamed
    name: str
    kind: Kind


class Table(NamedTuple):
    """A table and how it is tracked. Columns are named by their uid, but for what audit.track() was told."""

    columns: tuple[Column, ...]
    key: tuple[int, ...]
    split: int | None
    #: As audit.track() was told.
    label: tuple[str, ...]
    mask: tuple[str, ...]
    exclude: tuple[str, ...]
    visible: tuple[str, ...] = ()
    #: Everything that audit.track() was ever told to hide.
    secret: frozenset[int] = frozenset()

    def excluded(self, column: Column) -> bool:
        return column.name in self.exclude

    def hidden(self, column: Column) -> bool:
        """Whether its values must not be stored."""
        if not self.mask and not self.exclude:
            return False
        return column.uid in self.secret or column.name not in self.visible

    @property
    def shown(self) -> list[Column]:
        return [c for c in self.columns if not self.hidden(c)]

    @property
    def keyed(self) -> bool:
        """Whether rows can be told apart by what is stored of them."""
        return bool(self.key) and not any(
            c.uid in self.key and (c.uid in self.secret or c.name in self.mask + self.exclude) for c in self.columns
        )

    def with_kinds(self, names: Iterable[str]) -> Table:
        """Has a column of each of these types too."""
        more = tuple(Column(uid, f"a {name}", KINDS[name]) for uid, name in enumerate(names, len(self.columns)))
        return self._replace(columns=self.columns + more, visible=self.visible + tuple(c.name for c in more))

    def with_secrets(self) -> Table:
        """Columns that go by a hidden name are secret from now on, whatever they are called later."""
        named = {c.uid for c in self.columns if c.name in self.mask + self.exclude}
        return self._replace(secret=self.secret | named)


@st.composite
def tables(draw: st.DrawFn, *, hiding: bool = False, keyed: bool = False) -> Table:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2 if hiding else 1, max_size=8, unique=True))
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=len(names), max_size=len(names)))
    if keyed and not any(KINDS[kind].key for kind in kinds):
        kinds[0] = "integer"
    columns = tuple(Column(uid, name, KINDS[kind]) for uid, (name, kind) in enumerate(zip(names, kinds, strict=True)))
    keys = [c.uid for c in columns if c.kind.key]
    key: tuple[int, ...] = ()
    if keys:
        # Mostly one column, and mostly one with enough values to be of use.
        keys.sort(key=lambda uid: -len(columns[uid].kind.values))
        key = tuple(keys[: draw(st.sampled_from([1, 1, 1, 2, 3] if keyed else [1, 1, 1, 2, 3, 0]))])
    split = (
        next((uid for uid in key or keys if columns[uid].kind.split), None)
        if draw(st.sampled_from([0, 0, 1]))
        else None
    )
    if split is not None and key:
        key = (split, *(uid for uid in key if uid != split))
    rest = [c for c in columns if c.uid not in key and c.uid != split]
    choices = {c.name: draw(st.sampled_from(["", "", "mask", "exclude"])) for c in rest if c.kind.secrets}
    if hiding and choices and not any(choices.values()):
        choices[next(iter(choices))] = draw(st.sampled_from(["mask", "exclude"]))
    mask = tuple(name for name, choice in choices.items() if choice == "mask")
    exclude = tuple(name for name, choice in choices.items() if choice == "exclude")
    visible = tuple(c.name for c in columns if c.name not in mask + exclude)
    label = tuple(draw(st.lists(st.sampled_from(visible), max_size=2, unique=True))) if visible else ()
    return Table(columns, key, split, label, mask, exclude, visible).with_secrets()


class Step(NamedTuple):
    """What one of two sessions does next. The numbers are read as the table is by then."""

    who: int
    what: str
    at: int
    rows: tuple[tuple[int, ...], ...]


WRITES = ["insert"] * 5 + ["update"] * 5 + ["touch", "delete", "delete", "upsert", "upsert", "reinsert", "truncate"]
TRANSACTIONS = ["commit"] * 4 + ["rollback", "savepoint", "savepoint", "rollback to", "release"]
#: Of which most leave an event.
LAST = ["insert", "insert", "update", "delete"]
CHANGES = ["add", "drop", "rename", "retype", "baseline", "track"]
ROW = st.tuples(*[st.integers(0, 7)] * 8)


def steps(what: list[str], min_size: int, max_size: int) -> st.SearchStrategy[list[Step]]:
    step = st.builds(
        Step,
        st.integers(0, 1),
        st.sampled_from(what),
        st.integers(0, 63),
        st.lists(ROW, min_size=1, max_size=3).map(tuple),
    )
    return st.lists(step, min_size=min_size, max_size=max_size)


def streams(*, changes: bool = False, swaps: bool = False, max_size: int = 30) -> st.SearchStrategy[list[Step]]:
    """changes: also of columns. swaps: they may take names that others had."""
    what = (
        WRITES * 2
        + TRANSACTIONS * 2
        + ["baseline"]
        + (CHANGES * 2 if changes else [])
        + (["swap"] * 3 if swaps else [])
    )
    return steps(what, max_size // 2, max_size)
