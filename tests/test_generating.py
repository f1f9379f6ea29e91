"""Invented events read as captured ones do, and a second run goes on where the first one stopped."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.conftest import Database
from webapp.generating.generator import GeneratingError, generate

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)


def test_a_generated_log_reads_as_a_captured_one_and_a_second_run_adds_nothing(db: Database) -> None:
    owner = db.connect("postgres", autocommit=False)
    told: list[int] = []
    first = generate(owner, 900, 3, now=NOW, on_progress=told.append)
    assert (first, sum(told)) == (900, 900)
    assert generate(owner, 900, 3, now=NOW) == 0
    assert generate(owner, 1200, 3, now=NOW) == 300
    generated = "db_user in ('contacts_web', 'crm_sync', 'dba')"
    months = f"select count(*) from audit.events where {generated} group by date_trunc('month', occurred_at)"
    assert {row[0] for row in db.run(months)} == {400}
    seen = db.run(
        "select distinct category, action from audit.report where db_user in ('contacts_web', 'crm_sync', 'dba')"
    )
    assert {("contacts", "update"), ("groups", "delete"), ("users", "insert"), ("access", "sign_in")} <= set(seen)
    changed = (
        "select count(*) from audit.report where action = 'update' and category = 'contacts' and record_label is null"
    )
    assert db.value(changed) == 0
    together = (
        "select max(n) from (select count(*) n from audit.events where xact_id::text::bigint > 1e12 group by xact_id) x"
    )
    assert db.value(together) == 4


def test_a_database_without_the_reference_tables_is_left_alone(db: Database) -> None:
    db.run("select audit.untrack('public.groups')")
    with pytest.raises(GeneratingError, match="the table groups is not there"):
        generate(db.connect("postgres", autocommit=False), 10, 1)
