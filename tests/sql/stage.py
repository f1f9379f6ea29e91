"""A random table under capture, two sessions that write to it, and what must be in the log because of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg

from tests.conftest import Connection, Database
from tests.sql.strategies import Column, Table

#: How values are compared: not as any of the writers' sessions has it.
PLAIN = "set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'iso_8601'; set extra_float_digits = 1; set bytea_output = 'hex'"
ODD = "set timezone = 'Asia/Kathmandu'; set datestyle = 'German'; set intervalstyle = 'sql_standard'; set extra_float_digits = -9; set bytea_output = 'escape'"


class Refused(Exception):
    """audit.track() will not do that."""


AWAY = (
    Refused,psycopg.errors.LockNotAvailable, psycopg.errors.UniqueViolation, psycopg.errors.NotNullViolation,
        psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.CardinalityViolation)  # fmt: skip

#: (action, changed fields): what one event must say.
Told = tuple[str, tuple[str, ...] | None]
Row = tuple[str | None, ...]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Copy(NamedTuple):
    """The table as it stood at a moment when no transaction was open."""

    at: str
    columns: tuple[Column, ...]
    rows: list[Row]
    mark: int


@dataclass
class Scope:
    """A transaction or a savepoint: what it has told, and the table before it changed any column."""

    told: list[tuple[int, Counter[Told]]] = field(default_factory=list[tuple[int, Counter[Told]]])
    table: Table | None = None


class Stage:
    def __init__(
        self, db: Database, table: Table, levels: tuple[str, str] = ("read committed", "read committed")
    ) -> None:
        self.db = db
        self.table = table
        self.levels = levels
        self.script: list[str] = []
        self.told: list[tuple[int, Counter[Told]]] = []
        self.copies: list[Copy] = []
        self.followed = True
        self.touched: set[int] = set()  # columns that are not what they were
        self.unknown: set[int] = set()  # columns of which a value went unrecorded
        self.whole = True  # no column has changed since the last baseline
        self.first = self.last = (0, 0)  # events around the first and the last baseline
        self._scopes: tuple[list[Scope], list[Scope]] = ([], [])
        self._clock = 0
        self._uids = 20
        self._sessions: list[Connection] = []

    # -- the table ---------------------------------------------------------------------------------

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Outside of the two sessions, committed at once."""
        self.script.append(f"{statement};")
        return self.db.run(statement)

    def mark(self) -> int:
        return self.db.value("select coalesce(max(event_id), 0) from audit.log")

    def open(self, rows: tuple[tuple[int, ...], ...] = (), *, followed: bool = True) -> None:
        table = self.table
        columns = [f"{quoted(c.name)} {c.kind.name}" for c in table.columns]
        key = ", ".join(quoted(table.columns[uid].name) for uid in table.key)
        body = ", ".join(columns + ([f"primary key ({key})"] if key else []))
        if table.split is None:
            self.run(f"create table things ({body})")
        else:
            by = table.columns[table.split]
            self.run(f"create table things ({body}) partition by range ({quoted(by.name)})")
            self.run(f"create table things_low partition of things for values from (minvalue) to ({by.kind.split})")
            # Another order of columns, and one that is gone: as partitions are that were not made as such.
            required = {c.uid for c in table.columns if c.uid in table.key}
            other = [
                f"{d}{' not null' if c.uid in required else ''}" for c, d in zip(table.columns, columns, strict=True)
            ]
            self.run(
                f"create table things_high (gone text, {', '.join(reversed(other))}); alter table things_high drop gone"
            )
            self.run(f"alter table things attach partition things_high for values from ({by.kind.split}) to (maxvalue)")
            self.run("create table things_rest partition of things default")
        for row in rows:
            self.run(f"insert into things values {self.values(row)} on conflict do nothing")
        label, mask, exclude = (
            f"array[{', '.join(map(literal, told))}]::text[]" for told in (table.label, table.mask, table.exclude)
        )
        mark = self.mark()
        self.run(
            f"select audit.track('things', 'thing', {label}, mask => {mask}, exclude => {exclude}, baseline => true)"
        )
        self.first = self.last = (mark, self.mark())
        self.followed = followed
        if not followed:
            self.run("alter event trigger audit_follow_ddl disable")
        for settings in ("", ODD):
            session: Connection = psycopg.connect(
                self.db.url,
                autocommit=True,
                prepare_threshold=None,
                options="-c lock_timeout=15 -c statement_timeout=20000",
            )
            if settings:
                session.execute(settings.encode())
            self._sessions.append(session)
        self.db.run(PLAIN)
        self._copy()

    def close(self) -> None:
        for session in self._sessions:
            session.close()
        self.db.run("alter event trigger audit_follow_ddl enable always")
        self.db.run(
            "drop table if exists copied; drop table if exists things cascade; select audit.forget_dropped_tables()"
        )

    def values(self, row: tuple[int, ...]) -> str:
        return f"({', '.join(self.value(column, row) for column in self.table.columns)})"

    def value(self, column: Column, row: tuple[int, ...]) -> str:
        # Without a key any row can be told from another only by its values, so there are no nulls to find either.
        required = column.uid in self.table.key
        return column.kind.value(row[column.uid % len(row)], secret=column.uid in self.table.secret, required=required)

    def rows(self, source: str = "things", columns: list[Column] | tuple[Column, ...] | None = None) -> list[Row]:
        """Values of some columns as text."""
        wanted = ", ".join(f"t.{quoted(c.name)}::text" for c in (self.table.shown if columns is None else columns))
        return sorted(self.db.run(f"select {wanted} from {source} t"), key=repr)

    # -- transactions ------------------------------------------------------------------------------

    def _say(self, who: int, statement: str) -> psycopg.Cursor[Any]:
        self.script.append(f"/* session {who} */ {statement};")
        return self._sessions[who].execute(statement.encode())

    def _begin(self, who: int) -> None:
        if not self._scopes[who]:
            self._say(who, f"begin isolation level {self.levels[who]}")
            self._scopes[who].append(Scope())

    def _end(self, who: int, how: str) -> None:
        if not self._scopes[who]:
            return
        try:
            self._say(who, how)
        except psycopg.errors.SerializationFailure as error:
            self.script.append(f"--   rolled back: {str(error).splitlines()[0]}")
            how = "rollback"
        for scope in reversed(self._scopes[who]):
            if how == "commit":
                self.told += scope.told
            elif scope.table is not None:
                self.table = scope.table
        self._scopes[who].clear()
        if how == "commit":
            self._copy()

    def _leave(self, who: int, how: str) -> None:
        if len(self._scopes[who]) < 2:
            return
        scope = self._scopes[who].pop()
        name = f"s{len(self._scopes[who])}"
        if how == "rollback to":
            self._say(who, f"rollback to {name}")
            if scope.table is not None:
                self.table = scope.table
        else:
            outer = self._scopes[who][-1]
            outer.told += scope.told
            outer.table = outer.table or scope.table
        self._say(who, f"release {name}")

    @contextmanager
    def _attempt(self, who: int) -> Generator[None]:
        """What fails here for a reason that has nothing to do with the log is as if it had never been said."""
        self._begin(who)
        session = self._sessions[who]
        session.execute("savepoint attempt")
        try:
            yield
        except AWAY as error:
            self.script.append(f"--   {type(error).__name__}: {str(error).splitlines()[0]}")
            session.execute("rollback to attempt")
        else:
            session.execute("release attempt")

    def _tell(self, who: int, *told: Told) -> None:
        self._clock += 1
        self._scopes[who][-1].told.append((self._clock, Counter(told)))

    def _copy(self) -> None:
        if not any(self._scopes):
            at = self.db.value("select clock_timestamp()::text")
            self.copies.append(Copy(at, self.table.columns, self.rows(columns=self.table.columns), self.mark()))
