"""What capture must not cost the writer."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Connection, Database
from tests.sql.support import watch


@pytest.mark.parametrize("context", ["", '{"ip": "203.0.113.7"}', "not json"])
def test_updating_a_thousand_rows_takes_one_transaction_id_whatever_the_context(shared: Database, context: str) -> None:
    app = shared.connect()
    app.execute("insert into contacts (first_name) select 'n' || n from generate_series(1, 1000) n")
    current = "select pg_current_xact_id()::text::bigint"
    new = watch(shared)
    with app.transaction():
        app.execute("select set_config('audit.context', %s, true)", (context,))
        first = app.execute(current).fetchone()
        app.execute("update contacts set last_name = 'x'")
        next_one = app.execute("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone()
    assert first is not None
    assert next_one is not None
    burned = {xid for (xid,) in shared.run("select distinct xmin::text::bigint from contacts")}
    assert burned == {first[0] % 2**32}
    written = shared.run("select distinct xmin::text::bigint from audit.log where action = 'u'")
    assert (first[0] % 2**32,) in written
    assert len(new()) == 1000
    assert {int(e["xact_id"]) for e in new()} == {first[0]}
    assert (
        shared.value("select count(distinct xmin::text) from audit.log where xact_id = %s::text::xid8", first[0]) == 1
    )


def blocks(db: Database, writer: Connection, statement: str) -> int:
    """How many blocks of the log a statement touches."""
    touched = (
        "select sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read) from pg_statio_all_tables "
        "where schemaname = 'audit' and relname like 'log_%%' and %s"
    )

    def flushed() -> int:
        writer.execute("select pg_stat_force_next_flush()")
        writer.execute("select 1")
        return int(db.value(touched, True))

    before = flushed()
    writer.execute(statement.encode())
    return flushed() - before


MANY = {
    "insert": "insert into things select n, 'x', 'y', 'z' from generate_series(1000001, 1000000 + {n}) n",
    "update": "update things set name = name || 'x' where id between 100001 and 100000 + {n}",
    "delete": "delete from things where id between 200001 and 200000 + {n}",
}


EVERY_WAY = (
    "insert into numbered select n, n from generate_series(1, 50) n",
    "copy numbered from stdin",
    "insert into numbered values (1, 0) on conflict (id) do update set v = -1",
    "merge into numbered n using (values (2), (200)) s(id) on n.id = s.id when matched then update set v = 7 "
    "when not matched then insert values (s.id, 0)",
    "update numbered set v = v + 1 where id < 20",
    "update numbered set id = -id where id = 20",
    "delete from numbered where id between 21 and 40",
    "truncate numbered",
)


@pytest.mark.parametrize("by_row", [False, True], ids=["by statement", "by row"])
def test_no_way_of_writing_takes_a_second_transaction_id(passing: Database, *, by_row: bool) -> None:
    """What ran in a subtransaction would carry a number of its own."""
    passing.run("create table numbered (id integer primary key, v integer)")
    if by_row:
        passing.run(
            "create function nothing() returns trigger language plpgsql as 'begin return new; end'; create trigger own "
            "after insert or update or delete on numbered for each row execute function nothing()"
        )
    passing.run("select audit.track('numbered')")
    current = passing.value("select pg_current_xact_id()::xid::text")
    for statement in EVERY_WAY:
        mark = passing.value("select max(event_id) from audit.log")
        if statement.startswith("copy"):
            with passing.superuser.cursor().copy(statement.encode()) as copy:
                copy.write("101\t1\n102\t2\n")
        else:
            passing.run(statement)
        numbers = passing.run("select distinct xmin::text from audit.log where event_id > %s", mark)
        assert numbers == [(current,)], statement


def used_to_one_row(db: Database, table: str) -> Connection:
    """A session that has plans for one row at hand."""
    app = db.connect("postgres")
    for n in range(10, 20):
        app.execute(f"insert into {table} (id) values ({n})".encode())
        app.execute(f"update {table} set name = 'n' where id = {n}".encode())
        app.execute(f"delete from {table} where id = {n}".encode())
    return app


@pytest.mark.parametrize("statement", MANY.values(), ids=MANY)
def test_the_cost_of_a_row_does_not_grow_with_their_number_even_after_one_row_statements(
    things: Database, statement: str
) -> None:
    things.run("select audit.track('things')")
    if not statement.startswith("insert"):
        things.run(
            "insert into things select n, 'x', 'y', 'z' from generate_series(100001, 220000) n where n % 100000 <= 20000"
        )
    app = used_to_one_row(things, "things")
    few = blocks(things, app, statement.format(n=1_000))
    things.run("delete from things where id > 1000000")
    many = blocks(things, app, statement.format(n=20_000))
    assert few > 1_000, "each event touches the log"
    assert many < 20 * few * 1.3


@pytest.mark.at_scale
def test_a_row_of_two_hundred_thousand_costs_what_a_row_of_a_thousand_costs(db: Database) -> None:
    db.run("create table narrow (id integer primary key, name text); select audit.track('narrow')")
    app = used_to_one_row(db, "narrow")
    rows = 200_000
    for statement in (
        "insert into narrow select n from generate_series({first}, {last}) n",
        "update narrow set name = 'x' where id between {first} and {last}",
        "delete from narrow where id between {first} and {last}",
    ):
        few = blocks(db, app, statement.format(first=1_001, last=2_000))
        many = blocks(db, app, statement.format(first=1_000_001, last=1_000_000 + rows))
        assert few > 1_000, "each event touches the log"
        assert many < rows / 1_000 * few * 1.5, "an index of so many entries has a level more"


def test_events_are_written_by_one_plan_and_only_updates_join_the_two_images_and_sort_them(shared: Database) -> None:
    for function in ("capture_contacts_1", *(f"capture_contacts_1_{a}" for a in ("inserts", "updates", "deletes"))):
        body = shared.value("select prosrc from pg_proc where proname = %s", function)
        statements = re.findall(r"insert into audit\.log.*?;", body, re.DOTALL)
        assert statements
        assert not [s for s in statements if re.search(r"\b(group by|distinct on)\b", s)]
        for costly in ("join", "order by"):
            assert (costly in "".join(statements)) == function.endswith("_updates")


ONE_ROW = {
    "insert": "insert into contacts (first_name) values ('Ada')",
    "update": "update contacts set last_name = coalesce(last_name, '') || 'x' where first_name = 'Ada'",
    "delete": "delete from contacts where first_name = 'Ada'",
}


def test_a_write_opens_nothing_but_the_month_that_it_writes_to_and_what_tells_of_changed_columns(
    shared: Database,
) -> None:
    month = shared.value("select format('audit.log_%s', to_char(now() at time zone 'UTC', 'YYYY_MM'))")
    written = {"audit.log", "audit.log_event_id_seq", month}
    indexes = shared.run("select pg_get_indexdef(indexrelid) from pg_index where indrelid = %s::regclass", month)
    assert {re.sub(r".* USING ", "", definition) for (definition,) in indexes} == {
        "btree (event_id)",
        "btree (occurred_at)",
        "btree (record_id)",
        "btree (actor_id, occurred_at) WHERE (actor_id IS NOT NULL)",
    }, "every write pays for each"
    app = shared.connect()
    opened = (
        "select c.oid::regclass::text from pg_locks l join pg_class c on c.oid = l.relation "
        "where l.pid = %s and c.relnamespace = 'audit'::regnamespace"
    )
    for _ in range(6):  # the first five of a session are planned one by one
        for statement in ONE_ROW.values():
            app.execute(statement.encode())
    for action, statement in ONE_ROW.items():
        with app.transaction():
            app.execute(statement.encode())
            # The view is locked, not read: what tells a plan of changed columns. A transition table needs none.
            seen = {name for (name,) in shared.run(opened, app.info.backend_pid)}
        # Memberships go with a contact: so its delete is captured row by row.
        assert seen == written | ({"audit.watch_1"} if action == "delete" else set[str]())


def test_capture_looks_nothing_up_for_a_row(shared: Database) -> None:
    bodies = shared.run(
        "select p.prosrc from pg_proc p join audit.tracked t on starts_with(p.proname, t.row_function) "
        "where p.pronamespace = 'audit'::regnamespace"
    )
    assert len(bodies) == 5 * 4
    for (body,) in bodies:
        assert "execute" not in body.split("if not found")[0]
        assert "exception" not in body
        assert "loop" not in body
        assert "pg_class" not in body
        assert "audit.tracked" not in body
