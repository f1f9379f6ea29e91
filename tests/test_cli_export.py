"""auditlog export: the same file as on the page, on disk as a whole or not at all, and gone on with."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from openpyxl import load_workbook

from tests.clients.places import AUDITLOG, environment
from tests.conftest import Browser, Database
from tests.test_cli import error, invoke
from tests.web.reading import address, download, flood, many
from tests.web.test_export import exports, notes
from webapp.exports import CHUNK, workbook
from webapp.exports.half_written import HalfWritten

Visitor = Callable[..., Browser]
Run = Callable[..., Result]


@pytest.fixture
def run(db: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    """run("-o", "file.csv") as somebody in the role audit_reader."""
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url_of("reader"))
    return lambda *arguments: invoke("export", *arguments)


def test_the_command_writes_what_the_page_downloads(db: Database, visitor: Visitor, run: Run, tmp_path: Path) -> None:
    many(db, 20)
    browser = visitor("auditor")
    for kind in ("csv", "ndjson"):
        target = tmp_path / f"contacts.{kind}"
        told = run("--category", "contacts", "--query", "action:insert -actor:p3", "-o", str(target))
        assert told.exit_code == 0, told.output
        assert "events are in" in told.stderr
        wanted = download(browser, f"{address(category='contacts', action='insert')}&-actor=p3", format=kind)
        assert target.read_bytes() == wanted
        assert run("--category", "contacts", "--action", "insert", "--query", "-actor:p3", "--format", kind).stdout_bytes == wanted  # fmt: skip
        assert {file.name for file in tmp_path.iterdir() if kind in file.name} == {
            f"contacts.{kind}",
            f"contacts.{kind}.manifest.json",
        }
        found = json.loads((tmp_path / f"contacts.{kind}.manifest.json").read_text())
        assert found["sha256"] == hashlib.sha256(wanted).hexdigest()
        assert (found["file"], found["outcome"]) == (target.name, "complete")
        assert found["filters"] == "category:contacts action:insert -actor:p3"


def test_one_event_is_told_of_in_the_singular(db: Database, run: Run, tmp_path: Path) -> None:
    many(db, 1)
    target = tmp_path / "one.csv"
    told = run("--category", "contacts", "-o", str(target))
    assert told.stderr.startswith(f"1 event is in {target}, and all about the export in "), told.output


def test_who_exports_by_the_command_is_on_record(db: Database, run: Run) -> None:
    run("--columns", "action")
    begun, ended = exports(db)
    assert (begun["db_user"], begun["actor_id"], begun["application"]) == ("reader", None, "auditlog export")
    assert begun["context"]["os_user"]
    assert begun["context"]["export"]["columns"] == ["event_id", "occurred_at", "action"]
    assert ended["context"]["export"]["outcome"] == "complete"


def test_a_file_is_never_written_over(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "log.csv"
    target.write_text("mine")
    assert "is there already: name another file" in error(run("-o", str(target)))
    assert "nothing broke off" in error(run("--resume", "-o", str(target)))
    assert target.read_text() == "mine"
    target.rename(tmp_path / "other.csv.part")
    assert "go on with --resume" in error(run("-o", str(tmp_path / "other.csv")))
    assert "can be gone on with: begin anew, without" in error(run("--resume", "-o", str(tmp_path / "other.csv")))


def test_what_cannot_be_meant_is_refused_with_the_cure(run: Run, db: Database, tmp_path: Path) -> None:
    for arguments, said in (
        (["--resume"], "--resume takes the file"),
        (["-o", "log.txt"], "end it in .csv, .xlsx, .ndjson, or add --format"),
        (["-o", "log.csv", "--format", "ndjson"], 'the name "log.csv" says csv, and --format ndjson: make them agree'),
        (["-o", f"{tmp_path}/none/log.csv"], f'there is no folder "{tmp_path}/none" for log.csv: make it'),
        (["-o", "log.ndjson", "--for-excel"], "--for-excel marks CSV, and this is NDJSON: leave it out"),
        (["--resume", "-o", "x", "--action", "delete"], "give nothing else but -o"),
        (["--format", "xlsx"], "a workbook goes into a file"),
        (["--columns", "password"], "There is no column “password”"),
        (["--action", "burn"], "is not one of insert"),
        (["--query", "colour:red"], "There is no field “colour”"),
        (["--query", "created:2026-10", "--period", "today"], "days are given twice"),
    ):
        told = run(*arguments)
        assert (told.exit_code, told.stdout) == (2, ""), told.output
        assert told.stderr.startswith("Usage: ")
        assert said in told.stderr
    assert exports(db) == []


def test_a_login_without_the_role_is_told_which(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url_of("stranger"))
    assert "needs the role audit_reader" in error(invoke("export"))


def interrupted(db: Database, target: Path) -> subprocess.CompletedProcess[str]:
    """The command, ended by Ctrl-C once the file has begun."""
    url = db.url_of("reader")
    command = [AUDITLOG, "export", "--category", "contacts", "-o", str(target)]
    process = subprocess.Popen(
        command,
        env=environment(AUDITLOG_DATABASE_URL=url),
        stderr=subprocess.PIPE,
        text=True,
        # A shell lets what it runs in the background ignore Ctrl-C, these tests, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    part = target.with_name(target.name + ".part.json")
    deadline = time.monotonic() + 60
    while not part.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, stderr=said)


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_an_interrupted_file_goes_on_where_it_broke_off(
    db: Database, run: Run, visitor: Visitor, tmp_path: Path, kind: str
) -> None:
    flood(db, 30_000)
    target = tmp_path / f"log.{kind}"
    ended = interrupted(db, target)
    assert ended.returncode == 130, ended.stderr
    assert f"auditlog export --resume -o {target}" in ended.stderr
    assert not target.exists()
    assert notes(db)[-1]["outcome"] == "interrupted"
    first = notes(db)[-1]["completes"]
    part = target.with_name(target.name + ".part")
    with part.open("ab") as file:
        file.write(b"half a li")  # what a crash may leave
    told = run("--resume", "-o", str(target))
    assert told.exit_code == 0, told.output
    whole = target.read_bytes()
    assert whole == download(visitor("auditor"), address(category="contacts"), format=kind)
    begun, done, *_ = notes(db)[2:]
    assert begun["continues"] == first
    assert 0 < done["bytes"] < len(whole)
    assert done["file"] == {"row_count": 30_000, "bytes": len(whole), "sha256": hashlib.sha256(whole).hexdigest()}
    found = json.loads(target.with_name(target.name + ".manifest.json").read_text())
    assert (found["rows"], found["sha256"]) == (30_000, done["file"]["sha256"])
    assert not part.exists()
    assert sorted(os.listdir(tmp_path)) == [target.name, f"{target.name}.manifest.json"]


def test_a_reader_of_the_pipe_who_has_enough_ends_it_quietly(db: Database) -> None:
    flood(db, 5_000)
    command = f'"{AUDITLOG}" export | head -c {CHUNK // 64} | wc -c'
    done = subprocess.run(
        ["sh", "-c", command], env=environment(AUDITLOG_DATABASE_URL=db.url_of("reader")), capture_output=True, text=True
    )  # fmt: skip
    assert (done.stdout.strip(), done.stderr) == (str(CHUNK // 64), "")
    assert notes(db)[-1]["outcome"] == "client went away"


def test_a_workbook_is_made_by_the_command_too_as_a_whole_or_not_at_all(
    db: Database, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(db, 3)
    target = tmp_path / "log.xlsx"
    assert run("--category", "contacts", "-o", str(target)).exit_code == 0
    rows: list[tuple[Any, ...]] = list(load_workbook(target).worksheets[0].values)
    assert len(rows) == 4
    monkeypatch.setattr(workbook, "BETWEEN_SIGNS", 2)

    def press_ctrl_c(_half: HalfWritten) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(HalfWritten, "note", press_ctrl_c)
    told = run("--category", "contacts", "-o", str(tmp_path / "half.xlsx"))
    assert told.exit_code == 130
    assert told.stderr.startswith("Stopped after 2 events. Half a workbook is of no use: begin anew, or write CSV")
    assert not list(tmp_path.glob("half*"))
