"""Laws: whatever applications do to whatever table, the log and the table tell the same story."""

from __future__ import annotations

import math
from collections import Counter, deque
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Database
from tests.sql.player import LAW, staged
from tests.sql.stage import Row, Stage, literal, quoted
from tests.sql.strategies import KINDS, LAST, ROW, Column, Step, Table, steps, streams, tables
from tests.sql.values import VALUES

Rows = tuple[tuple[int, ...], ...]
ROWS = st.lists(ROW, max_size=4).map(tuple)
LAST_STEPS = steps(LAST, 5, 8)
LEVELS = st.tuples(*[st.sampled_from(["read committed", "read committed", "repeatable read", "serializable"])] * 2)
FOLLOWED = st.booleans()
#: Without a key, nothing but a delete can be undone.
MOSTLY_KEYED = st.one_of(tables(keyed=True), tables(keyed=True), tables())


def events(stage: Stage, columns: list[Column], since: int) -> list[Any]:
    """In the order in which they happened; before and after with these columns only, as the texts that are stored."""
    names = f"array[{', '.join(literal(c.name) for c in columns)}]::text[]"
    before, after = (
        f"(select coalesce(jsonb_object_agg(f.key, f.value), '{{}}') from jsonb_each(audit.text_fields(l.shape_id, {row})) f "
        f"where f.key = any ({names}))::text"
        for row in ("coalesce(l.old_row, d.old_row)", "l.new_row")
    )
    return stage.db.run(
        f"select l.event_id, e.action, e.changed_fields, case when e.before is not null then {before} end, "
        f"case when e.after is not null then {after} end "
        "from audit.events e join audit.log l on l.event_id = e.event_id left join audit.log d on d.event_id = l.moved_from "
        f"where e.entity = 'thing' and e.action <> 'configure' and l.event_id > {since} order by l.occurred_at, l.event_id"
    )


def replayed(stage: Stage, told: list[Any], baseline: tuple[int, int]) -> Counter[str]:
    """What is left of a table after these events."""
    rows: Counter[str] = Counter()
    for event_id, action, _, before, after in told:
        if action == "baseline" and not baseline[0] < event_id <= baseline[1]:
            continue
        if before is not None:
            assert rows[before], f"event {event_id} says of a row that was not there that it was {before}"
            rows[before] -= 1
        if after is not None:
            rows[after] += 1
    return +rows


def as_rows(stage: Stage, rows: Counter[str], columns: list[Column]) -> list[Row]:
    """Rows as the log has them, read by the table's own types."""
    images = ", ".join(f"({literal(image)}::jsonb)" for image in rows.elements()) or "(null::jsonb)"
    row = stage.db.value("select audit.row_sql('things', 'v.image')")
    source = f"(select (r.found).* from (values {images}) v(image), lateral (select {row} offset 0) r(found) where v.image is not null)"
    return stage.rows(source, columns)


def told_by(told: list[Any], expected: list[tuple[int, Counter[Any]]]) -> None:
    """One event for each change, in their order, and none for anything else. The rows of one statement have no order."""
    seen = [
        (action, None if changed is None else tuple(sorted(changed)))
        for _, action, changed, *_ in told
        if action != "baseline"
    ]
    for _, statement in sorted(expected, key=lambda entry: entry[0]):
        n = statement.total()
        assert Counter(seen[:n]) == statement, f"after {len(told) - len(seen)} baselines and {seen}"
        seen = seen[n:]
    assert seen == []


def test_replaying_the_events_since_a_baseline_gives_the_table_and_each_change_is_one_event(laws: Database) -> None:
    # Each example has some of the types, and all have all.
    kinds, played = deque(sorted(KINDS)), set[str]()

    @LAW
    @given(table=tables(), rows=ROWS, steps=streams(), levels=LEVELS)
    def replay(table: Table, rows: Rows, steps: list[Step], levels: tuple[str, str]) -> None:
        some = [kinds[n] for n in range(math.ceil(len(KINDS) / LAW.max_examples))]
        kinds.rotate(-len(some))
        with staged(laws, table.with_kinds(some), rows, levels=levels) as stage:
            stage.play(steps)
            shown = stage.table.shown
            told = events(stage, shown, stage.first[0])
            told_by(told, stage.told)
            for baseline in {stage.first, stage.last}:
                left = replayed(stage, [event for event in told if event[0] > baseline[0]], baseline)
                assert as_rows(stage, left, shown) == stage.rows(columns=shown)
        played.update(some)

    replay()
    assert played == set(KINDS)


def test_no_type_is_left_out_but_those_of_which_nobody_can_write_a_value(laws: Database) -> None:
    for names in (KINDS, VALUES):
        left_out = laws.run(
            "select format_type(oid, null) from pg_type where typnamespace = 'pg_catalog'::regnamespace "
            "and typtype in ('b', 'r', 'm') and typcategory <> 'A' and typisdefined "
            "and oid not in (select oid from (select to_regtype(name)::oid from unnest(%s::text[]) name) t(oid) where oid is not null)",
            list(names),
        )
        assert left_out
        for (kind,) in left_out:
            with pytest.raises(psycopg.errors.FeatureNotSupported):
                laws.run(f"select ''::{kind}")


@LAW
@given(table=tables(), rows=ROWS, steps=streams(changes=True), levels=LEVELS, followed=FOLLOWED)
def test_they_do_so_too_when_columns_change_on_the_way(
    laws: Database,
    table: Table,
    rows: Rows,
    steps: list[Step],
    levels: tuple[str, str],
    followed: bool,
) -> None:
    with staged(laws, table, rows, levels=levels, followed=followed) as stage:
        stage.play(steps)
        # To track it again would show what the baseline has masked.
        stage.play([Step(0, "baseline", 0, ((0,),)), *(step for step in steps[:5] if step.what != "track")])
        lasting = [c for c in stage.table.shown if c.uid not in stage.touched]
        told = events(stage, lasting, stage.first[0])
        told_by(told, stage.told)
        assert as_rows(stage, replayed(stage, told, stage.first), lasting) == stage.rows(columns=lasting)
        if stage.whole:
            shown = stage.table.shown
            left = replayed(stage, events(stage, shown, stage.last[0]), stage.last)
            assert as_rows(stage, left, shown) == stage.rows(columns=shown)


@LAW
@given(table=tables(), rows=ROWS, steps=streams(changes=True), followed=FOLLOWED)
def test_as_of_any_moment_equals_a_copy_of_the_table_taken_then(
    laws: Database, table: Table, rows: Rows, steps: list[Step], followed: bool
) -> None:
    with staged(laws, table, rows, followed=followed) as stage:
        stage.play(steps)
        for copy in stage.copies:
            source = f"audit.as_of(null::things, {literal(copy.at)})"
            if not stage.table.keyed:
                with pytest.raises(psycopg.errors.FeatureNotSupported):
                    stage.rows(source)
                continue
            # What a column that was added in silence, or hidden at first, held is known from the next baseline on.
            whole = stage.whole and copy.mark >= stage.last[1]
            places = {c.uid: n for n, c in enumerate(copy.columns)}
            same = [c for c in stage.table.shown if c.uid in places and (whole or c.uid not in stage.unknown)]
            if not same:
                continue
            kinds = ", ".join(f"{quoted(c.name)} {c.kind.name}" for c in same)
            was = ", ".join(
                f"({', '.join('null' if (v := row[places[c.uid]]) is None else literal(v) for c in same)})"
                for row in copy.rows
            )
            # The types of columns may have become others since.
            stage.run(f"create temp table copied ({kinds})" + (f"; insert into copied values {was}" if was else ""))
            assert stage.rows(source, same) == stage.rows("copied", same), f"as of {copy.at}"
            stage.run("drop table copied")


def test_what_would_undo_the_last_event_undoes_it(laws: Database) -> None:
    undone: Counter[str] = Counter()

    @LAW
    @given(table=MOSTLY_KEYED, rows=ROWS, steps=streams(changes=True, max_size=12), last=LAST_STEPS, followed=FOLLOWED)
    def undo(table: Table, rows: Rows, steps: list[Step], last: list[Step], followed: bool) -> None:
        with staged(laws, table, rows, followed=followed) as stage:
            stage.play(steps)
            # What columns held before they changed is known to the letter from a baseline on. Then one session
            # writes, which waits for nobody.
            stage.play([Step(0, "baseline", 0, ((0,),)), *(step._replace(who=0) for step in last)])
            shown = stage.table.shown
            told = events(stage, shown, stage.last[0])
            if told == [] or told[-1][1] == "baseline":
                return
            event_id, action, *_ = told[-1]
            if not stage.table.keyed and action in ("insert", "update"):
                with pytest.raises(psycopg.errors.FeatureNotSupported):
                    stage.run(f"select audit.restore_sql({event_id})")
                undone["refused"] += 1
                return
            before = as_rows(stage, replayed(stage, told[:-1], stage.last), shown)
            statement = stage.db.value("select audit.restore_sql(%s)", event_id)
            with stage.db.superuser.transaction(force_rollback=True):
                stage.run(statement)
                assert stage.rows(columns=shown) == before
            undone[action] += 1

    undo()
    assert undone.total() > LAW.max_examples * 3 / 4, undone
    assert undone.total() - undone["refused"] > LAW.max_examples / 2, undone


@LAW
@given(table=tables(), rows=ROWS, steps=streams(changes=True), levels=LEVELS)
def test_work_that_is_rolled_back_leaves_no_event(
    laws: Database, table: Table, rows: Rows, steps: list[Step], levels: tuple[str, str]
) -> None:
    with staged(laws, table, rows, levels=levels) as stage:
        stage.play([step._replace(what=step.what.replace("commit", "rollback")) for step in steps], end="rollback")
        assert {action for _, action, *_ in events(stage, [], stage.first[0])} <= {"baseline"}
        assert stage.rows(columns=stage.copies[0].columns) == stage.copies[0].rows
        assert stage.db.run("select problem from audit.status() where problem is not null") == []
