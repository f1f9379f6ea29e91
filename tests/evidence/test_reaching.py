"""What is forgotten is forgotten in archives, too, and the files still prove what there was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Browser, Database
from tests.evidence.conftest import Evidence, Run
from tests.test_cli import error, invoke
from tests.web.reading import REPORT, text_of
from tests.web.test_erasing import ERASURES, eraser
from webapp.evidence import archiving, proof, reaching
from webapp.evidence.forgetting import Forgetting

NOTHING = "No archive holds anything that was approved to go.\n"


def erase(db: Database, login: str, *arguments: str) -> str:
    done = invoke("erase", *arguments, env={"AUDITLOG_DATABASE_URL": db.url_of(login)})
    assert done.exit_code == 0, done.output
    return done.output


def test_an_approved_request_reaches_the_archives(
    old: Evidence, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = old.db
    for details in ('{"filter": {"words": ["no. 3"]}}', '{"filter": {"record": "4"}}'):
        db.run("select audit.record_event('report', 'view', details => %s)", details)
    db.run(
        "insert into audit.log (occurred_at, shape_id, action, context) "
        "select '2021-01-16', shape_id, action, context from audit.log where action = 'v'"
    )
    old.seal()
    run()
    folder = tmp_path / "archive"
    file = folder / "log_2021_01.parquet"
    before = [row for group in archiving.read(file) for row in group]
    erase(db, "admin", "--entity", "contact", "--record", "3", "--reason", "letter 17")
    whole = reaching.rewrite

    def killed(*arguments: Any) -> Any:  # after the file was written, before that was noted
        whole(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(reaching, "rewrite", killed)
        assert invoke("erase", "--approve", "1", env={"AUDITLOG_DATABASE_URL": db.url_of("postgres")}).exit_code == 1
    file.rename(tmp_path / "away")
    missed = invoke("erase", "--archives")
    assert (missed.exit_code, "log_2021_01.parquet, for request 1: the archive" in missed.stderr) == (1, True)
    (tmp_path / "away").rename(file)
    assert f"{file}: 2 events erased by request 1" in erase(db, "admin", "--archives", "--archive", str(folder))
    assert erase(db, "admin", "--archives") == NOTHING

    after = [row for group in archiving.read(file) for row in group]
    gone = [row for row in after if row["salt"] is None]
    assert {row["action"] for row in gone} == {"insert", "view"}
    assert [row for row in after if row["salt"]] == [
        row for row in before if row["event_id"] not in {r["event_id"] for r in gone}
    ]
    assert not [row for row in gone if "No. 3" in str(row) or "no. 3" in str(row)]
    found = proof.check_file(archiving.lines(file), old.key)
    assert (found.proven, found.erased) == (len(after) - 2, 2)
    assert "by request 1 on " in "".join(proof.describe(found))
    told = [
        event["context"]["erase"]
        for event in db.events("action = 'erase' and context -> 'erase' ->> 'did' = 'archive'")
    ]
    assert sorted(told[-1]["events"]) == sorted(row["event_id"] for row in gone) or sorted(told[0]["events"])
    old.seal()
    assert old.verify().broken == []


def test_what_archives_still_hold_after_an_approval_is_said_until_they_are_reached(
    old: Evidence, run: Run, visitor: Callable[..., Browser]
) -> None:
    db = old.db
    run()
    db.connect("admin").execute("select audit.request_erasure('contact', '3', 'letter 17')")
    old.seal()
    db.connect("postgres").execute("select audit.approve_erasure(1)")  # as the page does, which reaches no file
    browser = eraser(db, visitor)
    page = text_of(browser.get(f"{ERASURES}/1"))
    assert "Archives not yet reached: 2021-01 and 2021-02. auditlog erase --archives reaches them" in page
    assert "archives not yet reached" in browser.get(ERASURES)
    waits = "Request 1 to erase was approved, and the archives of 2021-01, 2021-02 still hold what it is about"
    assert waits in text_of(browser.get(f"{REPORT}/health"))
    env = {"AUDITLOG_DATABASE_URL": db.url_of("reader")}
    status = invoke("status", env=env)
    assert (status.exit_code, f"{waits}: run auditlog erase --archives.\n" in status.stdout) == (1, True)
    assert json.loads(invoke("status", "--json", env=env).stdout)["unreached_by_erasures"] == {
        "1": ["2021-01", "2021-02"]
    }
    assert "\nauditlog_erasures_unreached 1\n" in invoke("status", "--metrics", env=env).stdout

    # Whoever lets months go finishes it.
    done = run()
    assert done.exit_code == 0, done.output
    assert done.stdout.count("1 event erased by request 1\n") == 2
    page = text_of(browser.get(f"{ERASURES}/1"))
    assert ("Archives not yet reached" in page, "2 events in archives: the same" in page) == (False, True)
    assert "still hold" not in text_of(browser.get(f"{REPORT}/health"))
    assert "\nauditlog_erasures_unreached 0\n" in invoke("status", "--metrics", env=env).stdout


def test_what_only_archives_held_is_told_when_it_went(old: Evidence, run: Run) -> None:
    db = old.db
    db.run(
        "insert into audit.log (occurred_at, shape_id, action, record_id, new_row) "
        "select occurred_at, shape_id, action, '77', replace(new_row, '(3,', '(77,') from audit.log "
        "where record_id = '3' and occurred_at < '2022-01-01'"
    )
    old.seal()
    run()
    erase(db, "admin", "--entity", "contact", "--record", "77", "--reason", "letter 17")
    done = erase(db, "postgres", "--approve", "1")
    assert "Erased from the log: nothing.\n" in done
    assert "Erased from archives: 2 events.\n" in done


def test_numbers_keep_their_digits_in_a_row_that_columns_are_taken_from() -> None:
    wanted = Forgetting(1, "2026-11-25T00:00:00Z", "sale", None, "public", "sales", ["buyer"], [])
    image = '{"id": 12345678901234567890, "price": 1.50, "buyer": "Ada", "text": "\\u00e9 1.50"}'
    row = dict.fromkeys([*archiving.COLUMNS, *archiving.SEAL]) | {
        "action": "insert", "salt": b"s" * 16, "after": image, "new_row": "(1)", "details": "{}", "header": "{}",
        "shape": '{"schema_name": "public", "table_name": "sales", "key": ["id"], "parent": null}',
        "context": '{"n": 2.500}',
    }  # fmt: skip
    left = wanted.forgotten(row, wanted.kinds(row))
    assert left["after"] == '{"id": 12345678901234567890, "price": 1.50, "buyer": {"$masked": true}, "text": "é 1.50"}'
    assert left["context"].startswith('{"n": 2.500, "erased": {"request": 1, ')
    assert wanted.is_done(left)


def test_columns_that_are_hidden_now_vanish_from_archives(old: Evidence, run: Run, tmp_path: Path) -> None:
    run()
    db = old.db
    db.run("select audit.track('contacts', label => '{last_name}', mask => '{first_name}')")
    erase(db, "admin", "--mask", "contacts", "--reason", "names are not needed")
    assert "5 events erased by request 1" in erase(db, "postgres", "--approve", "1")
    rows = [row for group in archiving.read(tmp_path / "archive" / "log_2021_01.parquet") for row in group]
    assert "No. 3" not in str(rows)
    assert [row["actor_name"] for row in rows if row["entity"] == "contact"] == ["Ada"] * 5


def test_verify_checks_archives_against_the_seals_in_the_log(old: Evidence, run: Run, tmp_path: Path) -> None:
    run()
    old.seal()
    folder = tmp_path / "archive"
    file = folder / "log_2021_01.parquet"
    env = {"AUDITLOG_DATABASE_URL": old.db.url_of("sealer")}

    def verify() -> tuple[int, str]:
        done = invoke("verify", "--key", str(old.key), "--archive", str(folder), env=env)
        return done.exit_code, done.stdout

    gone = old.db.value("select sum(events)::int from audit.archives")
    assert f"retired: {gone} events, {gone} of them in archives as they were sealed" in verify()[1]
    whole, evidence = next(archiving.read(file)), archiving.evidence_of(file)
    archiving.write(file, [[whole[0] | {"new_row": "(1)"}, *whole[1:]]], evidence)
    assert f'altered: event {whole[0]["event_id"]} in "{file}" is not what was sealed' in verify()[1]
    commit = proof.payload_commit(whole[0]["salt"], whole[0]["details"], whole[0]["old_row"], whole[0]["new_row"])
    emptied = {"salt": None, "details": None, "new_row": None, "payload_commit": commit}
    archiving.write(file, [[whole[0] | emptied, *whole[1:]]], evidence)
    assert "is gone from" in verify()[1]
    archiving.write(file, [whole[1:]], evidence)
    assert f"holds {len(whole) - 1} events, and {len(whole)} went into it" in verify()[1]
    file.unlink()
    code, said = verify()
    assert (code, f'missing: the archive "{file.name}" is not in "{folder}"' in said) == (3, True), said


def test_what_went_from_an_archive_is_counted_in_words() -> None:
    said = [str(reaching.Reached(1, "f", number)) for number in (0, 1, 2000)]
    assert said == [f"f: {words} erased by request 1" for words in ("0 events", "1 event", "2,000 events")]


def test_what_is_erased_while_a_month_is_leaving_does_not_stay_in_its_file(
    old: Evidence, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(old.db, "admin", "--entity", "contact", "--record", "3", "--reason", "letter 17")
    digest = archiving.digest

    def approved_meanwhile(file: Path) -> str:
        if "2021_02" in file.name:
            erase(old.db, "postgres", "--approve", "1")
        return digest(file)

    with monkeypatch.context() as patch:
        patch.setattr(archiving, "digest", approved_meanwhile)
        assert "audit.retire_month: a request to erase was approved after the file of 2021-02 was begun" in error(run())
    assert run().exit_code == 0
    rows = [row for file in (tmp_path / "archive").iterdir() for group in archiving.read(file) for row in group]
    assert len([row for row in rows if row["salt"] is None]) == 2
    assert "No. 3" not in str(rows)
    assert erase(old.db, "admin", "--archives") == NOTHING
