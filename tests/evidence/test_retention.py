"""Old months leave the log for files that prove the same; what is held stays, and a run that was killed is gone on with."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.evidence.conftest import Evidence, Run
from tests.sql.support import refused
from tests.test_cli import error, invoke
from webapp import archives
from webapp.evidence import archiving, proof, retention
from webapp.evidence.places import Folder
from webapp.exports import export, files
from webapp.exports.statements import Statement


def months(evidence: Evidence) -> list[str]:
    found = evidence.db.run("select relid::regclass::text from pg_partition_tree('audit.log') where isleaf order by 1")
    return [name.removeprefix("audit.") for (name,) in found if name.startswith("audit.log_2021")]


def test_old_months_go_to_files_that_prove_what_the_log_proved(old: Evidence, run: Run, tmp_path: Path) -> None:
    db = old.db
    as_shown = {row["event_id"]: row for row in db.events("occurred_at < '2021-02-01'")}
    said = run("--dry-run").stdout.splitlines()
    assert said[-1] == f"2021-01: {len(as_shown)} events would go to {tmp_path / 'archive' / 'log_2021_01.parquet'}"
    assert months(old) == ["log_2021_01", "log_2021_02"]
    done = run()
    assert (done.exit_code, months(old)) == (0, []), done.output
    assert run().stdout == "No month is older than that.\n"
    file = tmp_path / "archive" / "log_2021_01.parquet"

    rows = [row for group in archiving.read(file) for row in group]
    assert [row["event_id"] for row in rows] == [event for event in old.sealed() if event in as_shown]
    for row in rows:
        told = as_shown[row["event_id"]]
        assert json.loads(row["after"]) == told["after"]
        assert (row["occurred_at"], row["actor_name"]) == (told["occurred_at"], "Ada")
    found = proof.check_file(archiving.lines(file), old.key, old.checkpoints())
    assert (found.proven, found.unsealed) == (len(rows), 0)
    offline = invoke("verify", str(file), "--key", str(old.key))
    assert (offline.exit_code, f"proven: {len(rows)} events" in offline.output) == (0, True), offline.output

    verdict = old.verify()
    assert (verdict.broken, verdict.retired) == ([], 2 * len(rows))
    old.seal()
    verdict = old.verify()
    assert (verdict.broken, verdict.late, verdict.retired) == ([], [], 2 * len(rows))
    assert verdict.proven == len(old.sealed()) - 2 * len(rows)
    told = [event["context"]["retain"] for event in db.events("action = 'retain'")]
    assert [event["month"] for event in told] == ["2021-02", "2021-01"]
    assert [event["events"] for event in told] == [len(rows)] * 2


def test_an_archive_that_was_edited_is_found(old: Evidence, run: Run, tmp_path: Path) -> None:
    run()
    file = tmp_path / "archive" / "log_2021_01.parquet"
    whole = [row for group in archiving.read(file) for row in group]
    evidence = archiving.evidence_of(file)
    changes: list[tuple[str, Any]] = [("new_row", "(1)"), ("actor_name", "Eve"), ("record_id", "99"),
                                      ("salt", b"s" * 16), ("after", '{"first_name": "Eve"}')]  # fmt: skip
    for name, value in changes:
        archiving.write(file, [[whole[0] | {name: value}, *whole[1:]]], evidence)
        assert invoke("verify", str(file), "--key", str(old.key)).exit_code == 3, name
    archiving.write(file, [whole[1:]], evidence)
    assert invoke("verify", str(file), "--key", str(old.key)).exit_code == 3
    file.write_bytes(b"PAR1, but no more")
    assert "cannot be read" in error(invoke("verify", str(file), "--key", str(old.key)))


def test_what_is_held_or_not_yet_taken_stays_and_the_reason_is_said(old: Evidence, run: Run) -> None:
    assert (
        "Hold 1 keeps them"
        in invoke("hold", "add", "--reason", "claim 17", "--entity", "contact", "--record", "3").stdout
    )
    again = invoke("hold", "add", "--reason", "claim 17", "--entity", "contact", "--record", "3")
    assert again.stdout == "Hold 1 already keeps them, until: auditlog hold release 1\n"
    done = run()
    assert done.exit_code == 1
    assert done.stdout.count("stay, kept by hold 1 (claim 17)") == 2
    assert invoke("hold", "list").stdout.startswith("1: contact 3: claim 17 (by admin, 20")
    assert "is released" in invoke("hold", "release", "1").stdout
    assert "audit.release_hold: there is no hold 1" in error(invoke("hold", "release", "1"))
    invoke("hold", "add", "--reason", "audit", "--since", "2021-02-01", "--until", "2021-02-28")
    assert "2: 2021-02-01 00:00 to 2021-03-01 00:00 UTC: audit" in invoke("hold", "list").stdout
    period = ["hold", "add", "--reason", "x", "--since", "2021-02-02"]
    assert "go together" in invoke(*period).output
    assert "--until must be later" in invoke(*period, "--until", "2021-02-01T00:00:00").output
    assert "say what: a record with --entity" in invoke("hold", "add", "--reason", "x").output
    assert "--entity and --record go together" in invoke("hold", "add", "--reason", "x", "--entity", "contact").output
    with refused(
        "22023",
        "audit.add_hold: a hold has a reason, and a record (entity and record_id) or a period (since and until)",
    ):
        old.db.run("select audit.add_hold('x', 'contact')")
    done = run()
    assert months(old) == ["log_2021_02"], done.output
    invoke("hold", "release", "2")
    assert invoke("hold", "list").stdout == "There is no hold.\n"
    old.db.run("insert into audit.streams (name, position) values ('siem', 0)")
    assert "kept by the stream siem, which has not taken it yet" in run().stdout
    with pytest.raises(psycopg.errors.ObjectInUse, match="stays, kept by the stream siem"):
        old.db.run("select audit.retire_month('2021-02-01', 'f', 's', 6, 0)")
    old.db.run("delete from audit.streams")
    done = run()
    assert done.exit_code == 0, done.output
    assert [event["context"]["configure"]["did"] for event in old.db.events("context -> 'configure' ? 'hold'")] == [
        "hold", "release_hold", "hold", "release_hold"]  # fmt: skip


@pytest.mark.parametrize("step", ["writing", "renaming", "reading back", "dropping"])
def test_a_run_that_is_killed_at_any_step_is_gone_on_with(
    old: Evidence, run: Run, step: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object, **__: object) -> Any:
        raise Killed

    before = old.db.value("select count(*) from audit.log where occurred_at < '2022-01-01'")
    with monkeypatch.context() as patch:
        if step == "writing":
            patch.setattr(archiving.os, "fsync", die)
        elif step == "renaming":
            patch.setattr(Path, "replace", die)
        elif step == "reading back":
            patch.setattr(archiving, "require_whole", die)
        else:
            patch.setattr(archiving, "digest", die)
        connection = old.db.connect("admin", autocommit=False)
        (month, *_) = retention.closed_months(connection, retention.limit(24))
        with pytest.raises(Killed):
            retention.retire(connection, month, Folder(tmp_path / "archive"))
        connection.close()
    assert old.db.value("select count(*) from audit.log where occurred_at < '2022-01-01'") == before
    done = run()
    assert done.exit_code == 0, done.output
    assert months(old) == []
    assert len(list((tmp_path / "archive").iterdir())) == 2
    assert old.verify().broken == []


def test_a_month_that_is_in_use_or_not_sealed_stays(old: Evidence, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    db = old.db
    monkeypatch.setattr(retention, "LOCK_TIMEOUT", "50ms")
    monkeypatch.setattr(retention, "TRIES", 2)
    reader = db.connect("web", autocommit=False)
    reader.execute("select count(*) from audit.log")
    assert "2021-02 is in its file, but still in use: run it again later" in error(run())
    reader.rollback()
    db.run(
        "insert into audit.log (occurred_at, shape_id, action) select '2021-01-20', shape_id, 'i' from audit.log limit 1"
    )
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=r"audit.retire_month: the month of .* is not over"):
        db.run("select audit.retire_month(date_trunc('month', now())::date, 'f', 's', 1, 0)")
    with pytest.raises(psycopg.errors.UndefinedTable, match=r"audit.retire_month: the log has no month 1999-01"):
        db.run("select audit.retire_month('1999-01-01', 'f', 's', 1, 0)")
    with pytest.raises(
        psycopg.errors.ObjectNotInPrerequisiteState, match="events of 2021-01 are in the file, and 1 have no seal"
    ):
        db.run("select audit.retire_month('2021-01-01', 'f', 's', 6, 0)")
    assert "log_2021_01.parquet, once 1 of them are sealed: run auditlog seal" in run("--dry-run").stdout
    assert "run auditlog seal, then again" in run().stderr
    assert months(old) == ["log_2021_01"]
    old.seal()
    done = run()
    assert done.exit_code == 0, done.output


def test_a_table_as_it_stood_is_told_with_a_baseline_and_refused_with_the_archives_name(
    old: Evidence, run: Run
) -> None:
    db = old.db
    stood = "select count(*) from audit.as_of(null::contacts, clock_timestamp())"
    assert db.value(stood) == 5
    run()
    with pytest.raises(
        psycopg.errors.ObjectNotInPrerequisiteState,
        match=r"audit.as_of: events of public\.contacts of 2021-02 have left the log",
    ) as refused:
        db.value(stood)
    assert "log_2021_02.parquet" in str(refused.value.diag.message_detail)
    db.run("select audit.track('contacts', baseline => true)")
    assert db.value(stood) == 5
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        db.run("select * from audit.as_of(null::contacts, '2021-02-20')")


def test_what_left_is_proven_by_the_command_from_its_file(
    old: Evidence, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone, kept = old.sealed()[-1], old.sealed()[0]
    run()
    env = {"AUDITLOG_DATABASE_URL": old.db.url_of("sealer")}
    assert "left the log with 2021-02: " in error(invoke("prove", str(gone), env=env))
    monkeypatch.setenv("AUDITLOG_ARCHIVE", str(tmp_path / "archive"))
    lines = invoke("prove", str(gone), str(kept), env=env).stdout.splitlines()
    assert proof.check_file(lines, old.key, old.checkpoints()).proven == 2
    assert (
        error(invoke("prove", "4711", env=env))
        == "there is no event 4711: its number is the first column of audit.report"
    )


def test_an_export_that_broke_off_inside_an_archive_is_gone_on_with(
    old: Evidence, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run()
    env = {"AUDITLOG_DATABASE_URL": old.db.url_of("reader")}
    asked = ["export", "--to", "2022-01-01", "--archive", str(tmp_path / "archive"), "-o"]
    whole, half = tmp_path / "whole.csv", tmp_path / "half.csv"
    assert invoke(*asked, str(whole), env=env).exit_code == 0
    every = export.statements

    def killed(*arguments: Any) -> Iterator[Statement]:
        yield from islice(every(*arguments), 6)  # the log, and five parts of two events
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archives, "MANY", 2)
        patch.setitem(archives.Archives.batches.__kwdefaults__ or {}, "size", 2)
        patch.setattr(files, "CHUNK", 1)
        patch.setattr(export, "statements", killed)
        assert invoke(*asked, str(half), env=env).exit_code == 130
    written = (tmp_path / "half.csv.part").read_text().splitlines()
    assert len(written) == 11  # a header, and the younger month, and a part of the older one
    assert invoke("export", "--resume", "-o", str(half), env=env).exit_code == 0
    assert half.read_text() == whole.read_text()


def test_a_stream_that_begins_when_months_have_left_says_which_it_lacks(old: Evidence, run: Run) -> None:
    run()
    env = {"AUDITLOG_DATABASE_URL": old.db.url_of("streamer")}
    first, again, later = (invoke("stream", *more, env=env) for more in (["a"], ["a"], ["b", "--from", "now"]))
    assert first.stderr == (
        "Note: 12 events of 2021-01 to 2021-02 left the log before this stream began, and are not in it: "
        "auditlog export --to 2021-02-28 --archive PLACE --format ndjson has them.\n"
    )
    assert len(first.stdout.splitlines()) == len(old.sealed()) - 12
    assert (again.stderr, later.stderr) == ("", "")


def test_a_row_that_moved_while_the_month_turned_leaves_as_a_whole(old: Evidence, run: Run) -> None:
    db = old.db
    first = db.value("select min(event_id) from audit.log where occurred_at < '2021-02-01'")
    db.run(
        "insert into audit.log (occurred_at, shape_id, action, record_id, new_row, moved_from) select '2021-02-01', shape_id, 'i', "
        "record_id, new_row, event_id from audit.log where event_id = %s",
        first,
    )
    old.seal()
    kept = "completes one of this"
    assert kept in run("--dry-run").stdout.splitlines()[-1]
    run()
    assert months(old) == ["log_2021_01"]
    done = run()
    assert done.exit_code == 0, done.output
    assert months(old) == []


def test_what_is_kept_is_counted_in_whole_months(run: Run, tmp_path: Path) -> None:
    assert str(retention.limit(24, datetime(2026, 11, 25, tzinfo=UTC))) == "2024-11-01"
    assert str(retention.limit(11, datetime(2026, 11, 25, tzinfo=UTC))) == "2025-12-01"
    assert invoke("retain", "--keep", "0m", "--to", str(tmp_path)).exit_code == 2
    (tmp_path / "file").write_text("")
    assert "cannot be made" in error(run(to=tmp_path / "file" / "in"))


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert error(invoke("retain", "--keep", "24m", "--to", "/nowhere")) == "archives need pyarrow: pip install pyarrow"


def test_what_a_row_repeats_is_stored_once_and_comes_back_as_it_was(old: Evidence, run: Run, tmp_path: Path) -> None:
    run()
    file = tmp_path / "archive" / "log_2021_01.parquet"
    stored = archiving.arrow()[1].read_table(file).to_pylist()
    assert "Ada" not in stored[0]["details"]
    (first, *rest) = next(archiving.read(file))
    assert '"actor_name" : "Ada"' in first["details"]
    odd = first | {
        "actor_name": 'Ada "\\ \x01\x07', "occurred_at": datetime(2021, 1, 15, 1, 2, 3, 40, UTC), "request_id": None,
        "details": '{"actor_name" : "Ada \\"\\\\ \\u0001\\u0007", "record_id" : "", "request_id" : null}',
        "header": '{"event_id" : 1234, "occurred_at" : "2021-01-15T01:02:03.00004"}',
    }  # fmt: skip
    archiving.write(tmp_path / "odd.parquet", [[odd, *rest]], "{}")
    assert next(archiving.read(tmp_path / "odd.parquet")) == [odd, *rest]


def test_an_export_goes_on_in_the_archives_as_if_nothing_had_left(old: Evidence, run: Run, tmp_path: Path) -> None:
    db = old.db
    reader = {"AUDITLOG_DATABASE_URL": db.url_of("reader")}
    db.run("insert into contacts (first_name, notes) values ('Zoë', 'a \"main\" street, and\nmore')")
    db.run("update contacts set first_name = 'Ada ' || id where id < 3")
    old.seal()
    asked = [
        ["--to", "2022-01-01"],
        ["--from", "2021-01-20", "--to", "2022-01-01"],
        ["--to", "2022-01-01", "--actor", "7", "--entity", "contact", "--record", "3"],
        ["--to", "2022-01-01", "--query", '-category:users "no 3"'],
        ["--to", "2022-01-01", "--query", "address:10.0.0.0/8 -record:2 weekday:friday"],
        ["--to", "2022-01-01", "--query", "zoë"],
        ["--to", "2022-01-01", "--format", "ndjson"],
    ]

    def exported(*more: str) -> list[list[str]]:
        made = [invoke("export", *filters, *more, env=reader) for filters in asked]
        assert {one.exit_code for one in made} == {0}, [one.output for one in made]
        return [one.stdout.splitlines() for one in made]

    before = exported()
    assert [len(lines) > 1 for lines in before[:5]] == [True] * 5, before
    run()
    left = exported()
    assert [len(lines) for lines in left] == [1, 1, 1, 1, 1, 1, 0]
    after = exported("--archive", str(tmp_path / "archive"))
    assert [[line.removesuffix(",yes").removesuffix(",archived") for line in lines] for lines in after[:-1]] == before[
        :-1
    ]
    assert [json.loads(line) for line in after[-1]] == [json.loads(line) | {"archived": "yes"} for line in before[-1]]
    assert (
        "2 months that have left the log, 2021-01 to 2021-02"
        in invoke("export", "--to", "2022-01-01", env=reader).stderr
    )
