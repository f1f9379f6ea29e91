"""What capture must not cost the writer."""

from __future__ import annotations

import pytest

from tests.conftest import Database
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


def test_capture_looks_nothing_up_for_a_row(shared: Database) -> None:
    bodies = shared.run(
        "select p.prosrc from pg_proc p join audit.tracked t on p.proname = t.row_function "
        "where p.pronamespace = 'audit'::regnamespace"
    )
    assert len(bodies) == 5
    for (body,) in bodies:
        assert "execute" not in body
        assert "exception" not in body
        assert "loop" not in body
        assert "pg_class" not in body
        assert "audit.tracked" not in body
