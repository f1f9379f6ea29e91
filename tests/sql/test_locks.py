"""Locks that any login may take keep nobody from the work of the log."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import denied

WORK = (
    "audit.extend_search()",
    "audit.ensure_partitions(9)",
    "audit.track('contacts', mask => '{notes}')",
    "audit.refresh_search('{1}')",
    "audit.forget_search('2021-01-01', '2021-02-01')",
    "audit.rebuild_search()",
)


def test_what_all_wait_for_is_no_advisory_lock(passing: Database) -> None:
    for work in WORK:
        passing.run(f"select {work}")
    assert passing.run("select objid from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()") == []


@pytest.mark.parametrize("login", ["app", "web", "reader", "streamer"])
def test_nobody_but_the_log_takes_the_locks_that_it_works_under(shared: Database, login: str) -> None:
    for table in ("audit.searching", "only audit.log", "audit.tracked", "audit.shapes"):
        connection = shared.connect(login)
        with denied(), connection.transaction():
            connection.execute(f"lock table {table} in share update exclusive mode nowait".encode())


def test_one_extends_the_search_at_a_time_and_the_other_has_nothing_to_do(shared: Database) -> None:
    shared.run("insert into contacts (first_name) values ('Ada')")
    first, second = shared.connect("web", autocommit=False), shared.connect("web")
    first.execute("select audit.extend_search()")
    assert second.execute("select audit.extend_search()").fetchone() == (None,)
