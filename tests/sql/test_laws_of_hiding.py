"""The law of hiding: what audit.track() was told to hide is nowhere in the log, nor in anything that reads it."""

from __future__ import annotations

import psycopg
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Database
from tests.sql.player import LAW, staged
from tests.sql.stage import Stage, literal
from tests.sql.strategies import NEEDLES, ROW, Step, Table, streams, tables

ROWS = st.lists(ROW, min_size=1, max_size=4).map(tuple)


def sources(stage: Stage) -> list[str]:
    """Everything that is kept in the schema audit, and whatever reads it."""
    kept: list[str] = [
        name for (name,) in stage.db.run(
            "select c.oid::regclass::text from pg_class c where c.relnamespace = 'audit'::regnamespace "
            "and c.relkind in ('r', 'p', 'v', 'm') and c.relname !~ '^watch_' and c.oid not in ('audit.events'::regclass, 'audit.report'::regclass)")
    ]  # fmt: skip
    told = f"entity = 'thing' and event_id > {stage.first[0]}"
    undone = "'insert', 'update', 'delete', 'truncate'" if stage.table.keyed else "'delete', 'truncate'"
    copies = ", ".join(f"({literal(copy.at)}::timestamptz)" for copy in stage.copies)
    read = [
        f"(select * from audit.events where {told})",
        f"(select * from audit.report where {told})",
        f"(select h.* from (select distinct record_id from audit.events where {told}) r, audit.history('things', r.record_id) h)",
    ]
    # Filtered first: it does not take every event.
    undoable = f"select event_id from audit.events where {told} and action in ({undone}) offset 0"
    read.append(f"(select audit.restore_sql(u.event_id) from ({undoable}) u)")
    if stage.table.keyed:
        read.append(f"(select a.* from (values {copies}) c(at), audit.as_of(null::things, c.at) a)")
    return kept + read


def assert_nothing_leaked(stage: Stage) -> None:
    stage.db.run("select audit.record_baseline('things')")
    needles = "|".join(needle.replace(".", "[.]") for needle in NEEDLES)
    for source in sources(stage):
        try:
            leaked = stage.db.run(f"select t::text from {source} t where t::text ~ {literal(needles)} limit 1")
        except psycopg.errors.DataError:
            assert "as_of" in source
            continue  # values under a name that another column has now do not fit that column
        assert leaked == [], source


@LAW
@given(table=tables(hiding=True), rows=ROWS, steps=streams(changes=True, swaps=True), followed=st.booleans())
def test_hidden_values_are_nowhere_whatever_is_written_and_whatever_columns_are_called(
    laws: Database, table: Table, rows: tuple[tuple[int, ...], ...], steps: list[Step], followed: bool
) -> None:
    with staged(laws, table, rows, followed=followed) as stage:
        stage.play(steps)
        assert_nothing_leaked(stage)
