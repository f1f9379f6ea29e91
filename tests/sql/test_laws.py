"""Laws: whatever an application does, the log and the table tell the same story."""

from __future__ import annotations

from typing import Any, NamedTuple

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Connection, Database
from tests.sql.support import watch

LAW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Row = dict[str, Any]


class Write(NamedTuple):
    """One statement on contacts, written so that it never fails: it finds a row, or it does nothing."""

    action: str
    statement: str
    values: dict[str, Any]


IDS = st.integers(1, 5)
NAMES = st.sampled_from(["", "Ada", "Zoë", "O'Neil", '{"a": 1}', "a\nb"])


def _insert(at: int, name: str) -> Write:
    return Write(
        "insert",
        "insert into contacts (id, first_name) values (%(id)s, %(name)s) on conflict do nothing",
        {"id": at, "name": name},
    )


def _rename(at: int, name: str) -> Write:
    return Write(
        "update",
        "update contacts set first_name = %(name)s where id = %(id)s and first_name <> %(name)s",
        {"id": at, "name": name},
    )


def _move(at: int, to: int) -> Write:
    return Write(
        "update",
        "update contacts set id = %(to)s where id = %(id)s and not exists (select from contacts where id = %(to)s)",
        {"id": at, "to": to},
    )


def _delete(at: int) -> Write:
    return Write("delete", "delete from contacts where id = %(id)s", {"id": at})


def _touch(at: int) -> Write:
    return Write("nothing", "update contacts set first_name = first_name where id = %(id)s", {"id": at})


WRITES = st.one_of(
    st.builds(_insert, IDS, NAMES),
    st.builds(_insert, IDS, NAMES),  # twice, so that tables are rarely empty
    st.builds(_rename, IDS, NAMES),
    st.builds(_move, IDS, IDS),
    st.builds(_delete, IDS),
    st.builds(_touch, IDS),
)


class Savepoint(NamedTuple):
    """Writes inside a savepoint that is kept or rolled back."""

    writes: list[Write]
    kept: bool


class Transaction(NamedTuple):
    """Writes and savepoints that are committed or rolled back."""

    steps: list[Write | Savepoint]
    committed: bool


TRANSACTIONS = st.lists(
    st.builds(
        Transaction,
        st.lists(WRITES | st.builds(Savepoint, st.lists(WRITES, max_size=4), st.booleans()), max_size=6),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def _write(app: Connection, write: Write) -> list[str]:
    changed = app.execute(write.statement.encode(), write.values).rowcount
    return [write.action] * changed if write.action != "nothing" else []


def _play(app: Connection, transaction: Transaction) -> list[str]:
    """Run it; return the actions that must be in the log because of it."""
    expected: list[str] = []
    with app.transaction(force_rollback=not transaction.committed):
        for step in transaction.steps:
            if isinstance(step, Write):
                expected += _write(app, step)
                continue
            with app.transaction(force_rollback=not step.kept):
                inside = [action for write in step.writes for action in _write(app, write)]
            expected += inside if step.kept else []
    return expected if transaction.committed else []


def _rows(db: Database, source: str = "contacts", *values: Any) -> list[Row]:
    return [row for (row,) in db.run(f"select to_jsonb(t) from {source} t order by t.id", *values)]


def _replayed(events: list[dict[str, Any]]) -> list[Row]:
    table: dict[int, Row] = {}
    for event in events:
        if event["before"] is not None:
            assert table.pop(event["before"]["id"]) == event["before"], "the log says what was not so"
        if event["after"] is not None:
            assert event["after"]["id"] not in table, "the log puts two rows under one key"
            table[event["after"]["id"]] = event["after"]
    return [table[key] for key in sorted(table)]


def _emptied(db: Database) -> Connection:
    db.run("set timezone = 'UTC'")
    db.run("truncate contacts cascade")
    return db.connect()


@LAW
@given(transactions=TRANSACTIONS)
def test_replaying_the_events_gives_the_table_and_no_event_is_there_without_its_change(
    shared: Database, transactions: list[Transaction]
) -> None:
    app = _emptied(shared)
    new = watch(shared)
    expected = [action for transaction in transactions for action in _play(app, transaction)]
    events = new()
    assert [event["action"] for event in events] == expected
    assert _replayed(events) == _rows(shared)
    app.close()


@LAW
@given(transactions=TRANSACTIONS)
def test_as_of_any_moment_equals_a_copy_of_the_table_taken_then(
    shared: Database, transactions: list[Transaction]
) -> None:
    app = _emptied(shared)
    copies: list[tuple[Any, list[Row]]] = []
    for transaction in transactions:
        copies.append((shared.value("select clock_timestamp()"), _rows(shared)))
        _play(app, transaction)
    copies.append((shared.value("select clock_timestamp()"), _rows(shared)))
    for at, copy in copies:
        assert _rows(shared, "audit.as_of(null::contacts, %s)", at) == copy
    app.close()


@LAW
@given(transactions=TRANSACTIONS)
def test_work_that_is_rolled_back_leaves_no_event(shared: Database, transactions: list[Transaction]) -> None:
    app = _emptied(shared)
    for transaction in transactions:
        _play(app, transaction._replace(committed=True))
    before, new = _rows(shared), watch(shared)
    for transaction in transactions:
        _play(app, transaction._replace(committed=False))
    # A statement that fails takes its transaction with it, and leaves no event either.
    try:
        with app.transaction():
            app.execute("insert into contacts (id) values (99)")
            app.execute("insert into contacts (id) values (99)")
    except psycopg.errors.UniqueViolation:
        pass
    assert new() == []
    assert _rows(shared) == before
    app.close()
