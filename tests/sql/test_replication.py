"""Changes that logical replication applies are captured like any other."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.conftest import Database
from tests.sql.support import watch


@pytest.fixture
def publisher(db: Database, blank: str) -> Iterator[psycopg.Connection]:
    """Another database, with a table `stock` of which `db` has a subscribed and tracked copy."""
    name = db.superuser.info.dbname
    table = "create table stock (id integer primary key, amount integer)"
    with psycopg.connect(blank, autocommit=True) as there:
        there.execute(table)
        there.execute("create publication stock for table stock")
        there.execute("select pg_create_logical_replication_slot(%s, 'pgoutput')", (name,))
        db.run(table)
        db.run("select audit.track('stock')")
        # Says when something was applied, so that nobody has to sleep and look.
        db.run(
            "create function tell() returns trigger language plpgsql as $$ begin notify applied; return null; end $$; "
            "create trigger zz_tell after insert or update or delete on stock for each row execute function tell(); "
            "alter table stock enable always trigger zz_tell"
        )
        address = make_conninfo(blank).replace("'", "''")
        db.run(
            f"create subscription stock connection '{address}' publication stock "
            f"with (create_slot = false, slot_name = '{name}', copy_data = false)"
        )
        try:
            yield there
        finally:
            db.run("alter subscription stock disable")
            db.run("alter subscription stock set (slot_name = none)")
            db.run("drop subscription stock")
            drop_slot(there, name)


def drop_slot(connection: psycopg.Connection, name: str) -> None:
    # The worker's own sender may need a moment to notice that it has been left.
    connection.execute(
        "select pg_terminate_backend(active_pid, 10000) from pg_replication_slots where slot_name = %s", (name,)
    )
    connection.execute("select pg_drop_replication_slot(%s)", (name,))


def test_what_replication_applies_is_captured_once_each(db: Database, publisher: psycopg.Connection) -> None:
    listener = db.connect("postgres")
    listener.execute("listen applied")
    new = watch(db)
    for statement, expected in (
        ("insert into stock values (1, 5)", ("insert", "1")),
        ("update stock set amount = 6", ("update", "1")),
        ("delete from stock", ("delete", "1")),
    ):
        known = len(new())
        publisher.execute(statement.encode())
        assert len(list(listener.notifies(timeout=60, stop_after=1))) == 1, "nothing was applied"
        assert [(e["action"], e["record_id"]) for e in new()[known:]] == [expected]
