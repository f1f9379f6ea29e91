"""How far the log is sealed can be seen, and who holds the sealer up is named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.evidence.conftest import Evidence
from tests.test_cli import invoke
from webapp import events


def sealing(evidence: Evidence) -> dict[str, Any] | None:
    return events.sealing(evidence.db.connect("reader"))


def write_long_ago(evidence: Evidence) -> None:
    """An event as if two hours had passed since."""
    evidence.db.run(
        "insert into audit.log (occurred_at, shape_id, action, record_id, new_row) "
        "select occurred_at - interval '2 hours', shape_id, action, record_id, new_row from audit.log "
        "where action = 'i' limit 1"
    )


def test_the_lag_is_told_and_a_log_that_is_sealed_has_none(evidence: Evidence) -> None:
    assert sealing(evidence) is None
    evidence.write()
    evidence.seal()
    evidence.seal()
    said = sealing(evidence)
    assert said
    assert (said["checkpoint"], said["events"], said["unsealed_since"], said["problem"]) == (
        0,
        len(evidence.sealed()),
        None,
        None,
    )
    evidence.write()
    said = sealing(evidence)
    assert said
    assert said["unsealed_since"] == evidence.db.last()["occurred_at"]
    assert said["lag"].total_seconds() >= 0


@pytest.mark.parametrize("prepared", [False, True])
def test_a_transaction_that_stalls_the_sealer_is_named(evidence: Evidence, prepared: bool) -> None:
    db = evidence.db
    evidence.write()
    evidence.seal()
    writer = db.connect(autocommit=False, application_name="slow")
    evidence.write(connection=writer)
    pid = writer.info.backend_pid
    if prepared:
        writer.execute("prepare transaction 'forgotten'")
    write_long_ago(evidence)
    evidence.seal()
    said = sealing(evidence)
    assert said
    who = 'the prepared transaction "forgotten" of "app"' if prepared else f'session {pid} of "app"'
    assert said["stalled_by"] == who
    assert said["stalled_since"] is not None
    assert f"are not sealed: {who} has had a transaction open since " in said["problem"]
    row = db.run("select problem from audit.status() where table_name = 'audit.checkpoints'")
    assert row == [(said["problem"],)]
    if prepared:
        db.run("rollback prepared 'forgotten'")


def test_a_sealer_that_stopped_and_an_anchor_that_is_away_are_told(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = evidence.db
    evidence.write()
    evidence.with_anchors("file:/nowhere/at/all").sealer.run_once()
    said = sealing(evidence)
    assert said
    assert "Checkpoints have not reached their anchor since " in said["problem"]
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url)
    done = invoke("status")
    assert done.exit_code == 1
    assert "file:/nowhere/at/all cannot be written (No such file or directory)" in done.output
    assert f"Sealed: {len(evidence.sealed())} events by checkpoint 0 of " in done.output
    evidence.seal()
    db.run("alter table audit.checkpoints disable trigger all")
    db.run("update audit.checkpoints set sealed_at = sealed_at - interval '2 hours'")
    assert "The last checkpoint is of " in str(sealing(evidence))
    write_long_ago(evidence)
    assert "UTC are not sealed: run auditlog seal." in str(sealing(evidence))


def test_monitoring_reads_the_same(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", evidence.db.url_of("reader"))
    before = invoke("status", "--metrics").stdout
    assert 'auditlog_table_whole{table="public.contacts"} 1\n' in before
    assert "sealed" not in before
    evidence.write(3)
    evidence.seal()
    evidence.db.run('create table "a\\b" (id int primary key)')
    evidence.db.run("""select audit.track('"a\\b"', 'thing')""")
    evidence.db.run('alter table "a\\b" disable trigger user')
    done = invoke("status", "--metrics")
    samples = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines() if not line.startswith("#"))
    assert done.exit_code == 1
    assert samples['auditlog_table_whole{table="public.\\"a\\\\b\\""}'] == "0"
    assert samples["auditlog_sealed_events"] == str(len(evidence.sealed()))
    assert float(samples["auditlog_seal_lag_seconds"]) > 0, "that a table is tracked is not sealed yet"
    assert samples["auditlog_sealing_well"] == "1"
    assert done.stdout.count("# TYPE auditlog_table_whole gauge") == 1
