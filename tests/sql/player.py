"""Plays random streams on a stage."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
from hypothesis import HealthCheck, Phase, settings

from tests.conftest import Database
from tests.sql.stage import Refused, Scope, Stage, Told, literal, quoted
from tests.sql.strategies import KINDS, Column, Step, Table

#: Few examples, each of many statements.
#: LAW_EXAMPLES=500 looks longer; LAW_SHRINK=1 takes minutes to find a shorter one.
LAW = settings(
    max_examples=int(os.environ.get("LAW_EXAMPLES", "10")),
    deadline=None,
    # The same examples in every run: whoever wants others asks for more.
    derandomize="LAW_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, *([Phase.shrink] if os.environ.get("LAW_SHRINK") else [])],
    report_multiple_bugs=False,
)

ALONE = ("truncate", "add", "drop", "rename", "retype", "swap", "track", "baseline")


class Player(Stage):
    def play(self, steps: list[Step], end: str = "commit") -> None:
        for step in steps:
            if step.what in ALONE and step.at % 8:
                self._end(1 - step.who, end)  # mostly nobody is in the way of what locks the table
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
                    self._end(step.who, end)
                    if not any(self._scopes):
                        mark = self.mark()
                        self.run("select audit.record_baseline('things')")
                        self.last = (mark, self.mark())
                        self.whole = True
                case "add" | "drop" | "rename" | "retype" | "swap":
                    self._change(step)
                case "track":
                    self._track(step.who)
                case _:
                    self._write(step)
        for who in (0, 1):
            self._end(who, end)

    def _write(self, step: Step) -> None:
        with self._attempt(step.who):
            told = getattr(self, f"_{step.what}")(step)
            if told:
                self._tell(step.who, *told)

    def _insert(self, step: Step) -> list[Told]:
        rows = ", ".join(self.values(row) for row in step.rows)
        done = self._say(
            step.who, f"insert into things values {rows}{' on conflict do nothing' if step.at % 3 else ''}"
        )
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
        columns = [c for c in self.table.columns if step.at >> c.uid % 6 & 1] or [
            self.table.columns[step.at % len(self.table.columns)]
        ]
        if not self.table.key:  # a row that moves to another partition is then a delete and an insert
            columns = [c for c in columns if c.uid != self.table.split] or columns[:0]
        if not columns:
            return []
        values = [self.value(c, step.rows[0]) for c in columns]
        where, changes = self._picked(step, self._differences(columns, values))
        self._say(
            step.who,
            f"update things set {', '.join(f'{quoted(c.name)} = {v}' for c, v in zip(columns, values, strict=True))} where {where}",
        )
        return [("update", tuple(sorted(names))) for names in changes if names]

    def _touch(self, step: Step) -> list[Told]:
        self._say(
            step.who,
            f"update things set {', '.join(f'{quoted(c.name)} = {quoted(c.name)}' for c in self.table.columns)}",
        )
        return []

    def _delete(self, step: Step) -> list[Told]:
        where, _ = self._picked(step)
        return [("delete", None)] * self._say(step.who, f"delete from things where {where}").rowcount

    def _reinsert(self, step: Step) -> list[Told]:
        """The same rows, out and in again; or one of them by one statement, which may tell the two in either order."""
        where, found = self._picked(step)
        if step.at % 4 == 0:
            self._say(
                step.who,
                f"with gone as (delete from things where {where} returning *), "
                "again as (insert into things select * from gone limit 1) select",
            )
            return [*[("delete", None)] * len(found), *[("insert", None)] * min(1, len(found))]
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
        there = (
            self._sessions[step.who]
            .execute(f"select {differences} from things t where {same} for update".encode())
            .fetchall()
        )
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
                if "(select" in default:  # which no default may
                    default = "null"
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
                    statements = [
                        f"rename {first} to passing",
                        f"rename {second} to {first}",
                        f"rename passing to {second}",
                    ]
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
            # Where nobody follows, nobody knows by what name a column went between two writes.
            self.table = after.with_secrets() if self.followed else after
            self.touched |= {column.uid} | {
                a.uid for a, b in zip(after.columns, before.columns, strict=False) if a != b
            }
            if step.what == "add" and (not self.followed or after.mask or after.exclude):
                self.unknown.add(column.uid)
            self.whole = False

    def _track(self, who: int) -> None:
        """Again, as after any change: what is hidden stays so, or the call is refused."""
        with self._attempt(who):
            try:
                self._say(who, "select audit.track('things')")
            except (psycopg.errors.UndefinedColumn, psycopg.errors.InvalidParameterValue) as error:
                raise Refused(str(error)) from error
            scope, before = self._scopes[who][-1], self.table
            scope.table = scope.table or before
            self.table = before._replace(
                visible=tuple(c.name for c in before.columns if c.name not in before.mask + before.exclude)
            )
            self.whole = False

    def _renamed(self, names: dict[int, str]) -> Table:
        return self.table._replace(columns=tuple(c._replace(name=names.get(c.uid, c.name)) for c in self.table.columns))


@contextmanager
def staged(db: Database, table: Table, rows: tuple[tuple[int, ...], ...], **options: Any) -> Generator[Player]:
    """A table under capture; what fails here shows the SQL that led to it."""
    followed = options.pop("followed", True)
    stage = Player(db, table, **options)
    try:
        stage.open(rows, followed=followed)
        yield stage
    except BaseException as error:
        error.add_note("The SQL so far:\n" + "\n".join(stage.script))
        raise
    finally:
        stage.close()
