"""Plays random streams on a random table, and remembers what must be in the log because of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg

from tests.conftest import Connection, Database
from tests.sql.strategies import KINDS, Column, Step, Table

#: How values are compared: not as any of the writers' sessions has it.
PLAIN = "set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'iso_8601'; set extra_float_digits = 1; set bytea_output = 'hex'"
ODD = "set timezone = 'Asia/Kathmandu'; set datestyle = 'German'; set intervalstyle = 'sql_standard'; set extra_float_digits = -9; set bytea_output = 'escape'"
AWAY = (psycopg.errors.LockNotAvailable, psycopg.errors.UniqueViolation, psycopg.errors.NotNullViolation,
        psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.CardinalityViolation)  # fmt: skip

#: (action, changed fields): what one event must say.
Told = tuple[str, tuple[str, ...] | None]
Row = tuple[str | None, ...]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


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
    def __init__(self, db: Database, table: Table, levels: tuple[str, str] = ("read committed", "read committed")) -> None:
        self.db = db
        self.table = table
        self.levels = levels
        self.script: list[str] = []
        self.told: list[tuple[int, Counter[Told]]] = []
        self.copies: list[Copy] = []
        self.touched: set[int] = set()  # columns that are not what they were
        self.changed_at = 0  # the last event before columns changed
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
            other = [f"{d}{' not null' if c.uid in required else ''}" for c, d in zip(table.columns, columns, strict=True)]
            self.run(f"create table things_high (gone text, {', '.join(reversed(other))}); alter table things_high drop gone")
            self.run(f"alter table things attach partition things_high for values from ({by.kind.split}) to (maxvalue)")
            self.run("create table things_rest partition of things default")
        for row in rows:
            self.run(f"insert into things values {self.values(row)} on conflict do nothing")
        label, mask, exclude = (f"array[{', '.join(map(literal, told))}]::text[]" for told in (table.label, table.mask, table.exclude))
        self.changed_at = mark = self.mark()
        self.run(f"select audit.track('things', 'thing', {label}, mask => {mask}, exclude => {exclude}, baseline => true)")
        self.first = self.last = (mark, self.mark())
        if not followed:
            self.run("alter event trigger audit_follow_ddl disable")
        for settings in ("", ODD):
            session: Connection = psycopg.connect(
                self.db.url, autocommit=True, prepare_threshold=None, options="-c lock_timeout=15 -c statement_timeout=20000"
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
        self.db.run("drop table if exists things cascade; select audit.forget_dropped_tables()")

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

    # -- statements --------------------------------------------------------------------------------

    def play(self, steps: list[Step]) -> None:
        for step in steps:
            match step.what:
                case "commit" | "rollback":
                    self._end(step.who, step.what)
                case "savepoint":
                    self._begin(step.who)
                    self._say(step.who, f"savepoint s{len(self._scopes[step.who])}")
                    self._scopes[step.who].append(Scope())
                case "rollback to" | "release":
                    self._leave(step.who, step.what)
                case "baseline":
                    if not any(self._scopes):
                        mark = self.mark()
                        self.run("select audit.record_baseline('things')")
                        self.last = (mark, self.mark())
                case "add" | "drop" | "rename" | "retype" | "swap":
                    self._change(step)
                case _:
                    self._write(step)
        for who in (0, 1):
            self._end(who, "commit")

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
        self._say(who, how)
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

    def _write(self, step: Step) -> None:
        with self._attempt(step.who):
            told = getattr(self, f"_{step.what}")(step)
            if told:
                self._tell(step.who, *told)

    def _insert(self, step: Step) -> list[Told]:
        rows = ", ".join(self.values(row) for row in step.rows)
        done = self._say(step.who, f"insert into things values {rows}{' on conflict do nothing' if step.at % 3 else ''}")
        return [("insert", None)] * done.rowcount

    def _differences(self, columns: list[Column], values: list[str]) -> str:
        """SQL for the names of the columns whose value is another, bit by bit, and would be told."""
        pieces = [f"case when (select r from (values (t.{quoted(c.name)})) r) *<> (select r from (values ({v})) r) then {literal(c.name)} end"
                  for c, v in zip(columns, values, strict=True) if not self.table.excluded(c)]  # fmt: skip
        return f"array_remove(array[{', '.join(pieces)}]::text[], null)"

    def _picked(self, step: Step, differences: str = "null::text[]") -> tuple[str, list[Any]]:
        """Rows that nobody has locked, as a condition, and what would change in each."""
        found = self._sessions[step.who].execute(
            f"select t.tableoid::text, t.ctid::text, {differences} from things t "
            f"order by 1, t.ctid offset {step.at % 2} limit {len(step.rows)} for update skip locked".encode()
        ).fetchall()  # fmt: skip
        places = ", ".join(f"({table}::oid, '{place}'::tid)" for table, place, _ in found)
        return f"(tableoid, ctid) in ({places or '(null, null)'})", [names for *_, names in found]

    def _update(self, step: Step) -> list[Told]:
        columns = [c for c in self.table.columns if step.at >> c.uid % 6 & 1] or [self.table.columns[step.at % len(self.table.columns)]]
        if not self.table.key:  # a row that moves to another partition is then a delete and an insert
            columns = [c for c in columns if c.uid != self.table.split] or columns[:0]
        if not columns:
            return []
        values = [self.value(c, step.rows[0]) for c in columns]
        where, changes = self._picked(step, self._differences(columns, values))
        self._say(step.who, f"update things set {', '.join(f'{quoted(c.name)} = {v}' for c, v in zip(columns, values, strict=True))} where {where}")
        return [("update", tuple(sorted(names))) for names in changes if names]

    def _touch(self, step: Step) -> list[Told]:
        self._say(step.who, f"update things set {', '.join(f'{quoted(c.name)} = {quoted(c.name)}' for c in self.table.columns)}")
        return []

    def _delete(self, step: Step) -> list[Told]:
        where, _ = self._picked(step)
        return [("delete", None)] * self._say(step.who, f"delete from things where {where}").rowcount

    def _reinsert(self, step: Step) -> list[Told]:
        """The same rows, out and in again."""
        where, found = self._picked(step)
        self._say(step.who, f"create temp table aside on commit drop as select * from things where {where}")
        self._say(step.who, f"delete from things where {where}")
        self._tell(step.who, *[("delete", None)] * len(found))
        self._say(step.who, "insert into things select * from aside")
        self._say(step.who, "drop table aside")
        return [("insert", None)] * len(found)

    def _upsert(self, step: Step) -> list[Told]:
        key = [c for c in self.table.columns if c.uid in self.table.key]
        others = [c for c in self.table.columns if c.uid not in self.table.key]
        if not key or not others:
            return self._insert(step)
        row = step.rows[0]
        same = " and ".join(f"t.{quoted(c.name)} = {self.value(c, row)}" for c in key)
        differences = self._differences(others, [self.value(c, row) for c in others])
        there = self._sessions[step.who].execute(f"select {differences} from things t where {same} for update".encode()).fetchall()
        change = ", ".join(f"{quoted(c.name)} = excluded.{quoted(c.name)}" for c in others)
        self._say(step.who, f"insert into things values {self.values(row)} "
                            f"on conflict ({', '.join(quoted(c.name) for c in key)}) do update set {change}")  # fmt: skip
        return [("update", tuple(sorted(names))) for (names,) in there if names] if there else [("insert", None)]

    def _truncate(self, step: Step) -> list[Told]:
        session = self._sessions[step.who]
        session.execute("lock table things in access exclusive mode")
        (count,) = session.execute("select count(*) from things").fetchone() or (0,)
        self._say(step.who, "truncate things")
        return [("truncate", None)] * count

    # -- columns -----------------------------------------------------------------------------------

    def _change(self, step: Step) -> None:
        """Of any column but the key's and the one that the table is split by, which can only be renamed."""
        before, column = self.table, self.table.columns[step.at % len(self.table.columns)]
        fixed = column.uid in before.key or column.uid == before.split
        self._uids += 1
        fresh = self._uids
        after, statements = before, list[str]()
        match step.what:
            case "add" if len(before.columns) < 12:
                kind = list(KINDS.values())[step.at % len(KINDS)]
                added = Column(fresh, f"added {fresh}", kind)
                default = kind.value(step.rows[0][0], secret=False, required=False)
                statements = [f"add {quoted(added.name)} {kind.name} default {default}"]
                after = before._replace(columns=(*before.columns, added))
                column = added
            case "drop" if not fixed and len(before.columns) > 1:
                statements = [f"drop {quoted(column.name)}"]
                after = before._replace(columns=tuple(c for c in before.columns if c != column))
            case "rename":
                statements = [f"rename {quoted(column.name)} to {quoted(f'named {fresh}')}"]
                after = self._renamed({column.uid: f"named {fresh}"})
            case "swap" if len(before.columns) > 1:
                other = before.columns[step.at // 8 % len(before.columns)]
                first, second = quoted(column.name), quoted(other.name)
                if other != column:
                    statements = [f"rename {first} to passing", f"rename {second} to {first}", f"rename passing to {second}"]
                    after = self._renamed({column.uid: other.name, other.uid: column.name})
            case "retype" if column.kind.wider and not fixed:
                statements = [f"alter {quoted(column.name)} type {column.kind.wider}"]
                wider = column._replace(kind=KINDS[column.kind.wider])
                after = before._replace(columns=tuple(wider if c == column else c for c in before.columns))
            case _:
                pass
        if not statements:
            return
        with self._attempt(step.who):
            for statement in statements:
                self._say(step.who, f"alter table things {statement}")
            scope = self._scopes[step.who][-1]
            scope.table = scope.table or before
            self.table = after.with_secrets()
            self.touched |= {column.uid} | {a.uid for a, b in zip(after.columns, before.columns, strict=False) if a != b}
            self.changed_at = self.mark()

    def _renamed(self, names: dict[int, str]) -> Table:
        return self.table._replace(columns=tuple(c._replace(name=names.get(c.uid, c.name)) for c in self.table.columns))

    def _copy(self) -> None:
        if not any(self._scopes):
            at = self.db.value("select clock_timestamp()::text")
            self.copies.append(Copy(at, self.table.columns, self.rows(columns=self.table.columns), self.mark()))


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def staged(db: Database, table: Table, rows: tuple[tuple[int, ...], ...], **options: Any) -> Generator[Stage]:
    """A table under capture; what fails here shows the SQL that led to it."""
    followed = options.pop("followed", True)
    stage = Stage(db, table, **options)
    try:
        stage.open(rows, followed=followed)
        yield stage
    except BaseException as error:
        error.add_note("The SQL so far:\n" + "\n".join(stage.script))
        raise
    finally:
        stage.close()
