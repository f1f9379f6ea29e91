"""Months go to an object store, are read from there by everything that reads archives, and are erased there."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Browser, settings_for
from tests.evidence.conftest import Evidence
from tests.test_cli import error, invoke
from webapp import create_app
from webapp.evidence import archiving, places, retention

LOCKED = "s3://locked/crm?lock=compliance&days=30"
FILE = "log_2021_01.parquet"


def retain(to: str) -> Any:
    return invoke("retain", "--keep", "24m", "--to", to)


def approved(evidence: Evidence, *more: str, record: str = "3") -> Any:
    """What approving says, once an administrator has asked that a contact be forgotten."""
    asked = invoke("erase", "--entity", "contact", "--record", record, "--reason", "letter 17")
    assert asked.exit_code == 0, asked.output
    number = str(evidence.db.value("select max(erasure_id) from audit.erasures"))
    return invoke("erase", "--approve", number, *more, env={"AUDITLOG_DATABASE_URL": evidence.db.url_of("postgres")})


def gone(*_: object) -> None:
    pass


def killed(*_: object) -> Any:
    raise KeyboardInterrupt


def test_months_go_to_a_store_and_are_read_there(
    old: Evidence, store: Any, people: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = old.db
    reader = {"AUDITLOG_DATABASE_URL": db.url_of("reader")}
    before = invoke("export", "--to", "2022-01-01", env=reader).stdout

    # Killed after the file was put there, before the month was dropped.
    with monkeypatch.context() as patch:
        patch.setattr(archiving, "digest", killed)
        assert retain(LOCKED).exit_code == 1
    assert db.value("select count(*) from audit.archives") == 0
    with monkeypatch.context() as patch:
        patch.setattr(retention, "_write", None)  # what is there is whole, and not written again
        (month,) = [
            one for one in retention.closed_months(db.connect("admin"), retention.limit(24)) if one.first.month == 2
        ]
        retention.retire(db.connect("admin", autocommit=False), month, places.parse("s3://locked/crm"))
    done = retain(LOCKED)
    assert (done.exit_code, f"are in s3://locked/crm/{FILE} (" in done.stdout) == (0, True), done.output
    kept = store.head_object(Bucket="locked", Key=f"crm/{FILE}")
    assert (kept["ObjectLockMode"], 29 <= (kept["ObjectLockRetainUntilDate"] - datetime.now(UTC)).days <= 30) == (
        "COMPLIANCE",
        True,
    )
    addresses = [row[0] for row in db.run("select file from audit.archives order by month")]
    assert addresses == [f"s3://locked/crm/log_2021_0{number}.parquet" for number in (1, 2)]

    after = invoke("export", "--to", "2022-01-01", "--archive", "s3://locked/crm", env=reader)
    monkeypatch.setenv("AUDITLOG_ARCHIVE", "s3://locked/crm")
    assert invoke("export", "--to", "2022-01-01", env=reader).stdout == after.stdout
    rows = [line.removesuffix(",yes").removesuffix(",archived") for line in after.stdout.splitlines()]
    assert rows == before.splitlines()
    (cache,) = (tmp_path / "cache").iterdir()
    assert (os.stat(cache).st_mode & 0o777, len(list(cache.iterdir()))) == (0o700, 2)

    app = create_app(replace(settings_for(db), archive=places.parse("s3://locked/crm")))
    mei = Browser(app.test_client()).sign_in("mei@example.org")
    page = mei.get("/reports/audit-log?to=2022-01-01&group=off")
    assert page.count("<small>archived</small>") == len(rows) - 1
    store.delete_object(Bucket="locked", Key=f"crm/{FILE}")
    assert "not shown: the archive &#34;log_2021_01.parquet&#34; is not in &#34;s3://locked/crm&#34;" in mei.get(
        "/reports/audit-log?to=2022-01-01"
    )
    app.extensions["pool"].close()

    env = {"AUDITLOG_DATABASE_URL": old.sealer.url}
    told = invoke("verify", "--key", str(old.key), env=env)
    assert (told.exit_code, f'missing: the archive "{FILE}" is not in "s3://locked/crm"' in told.stdout) == (3, True)
    marker = store.list_object_versions(Bucket="locked", Prefix=f"crm/{FILE}")["DeleteMarkers"][0]
    store.delete_object(Bucket="locked", Key=f"crm/{FILE}", VersionId=marker["VersionId"])
    told = invoke("verify", "--key", str(old.key), "--archive", "s3://locked/crm", env=env)
    assert f"retired: {len(rows) - 1} events, {len(rows) - 1} of them in archives as they were sealed" in told.stdout
    old.seal()
    assert old.verify().broken == []


def test_what_is_erased_is_gone_from_the_store_with_its_earlier_versions(old: Evidence, store: Any) -> None:
    store.put_bucket_versioning(Bucket="plain", VersioningConfiguration={"Status": "Enabled"})
    assert retain("s3://plain/crm").exit_code == 0
    done = approved(old)
    assert f"s3://plain/crm/{FILE}: 1 event erased by request 1\n" in done.stdout, done.output
    assert "Erased from archives: 2 events." in done.stdout
    held = store.list_object_versions(Bucket="plain", Prefix="crm/")["Versions"]
    assert [one["IsLatest"] for one in held] == [True, True]
    assert b"No. 3" not in b"".join(store.get_object(Bucket="plain", Key=one["Key"])["Body"].read() for one in held)
    rows = [row for group in archiving.read(places.in_reach(places.parse("s3://plain/crm"), FILE)) for row in group]
    assert "No. 3" not in str(rows)
    assert "No. 4" in str(rows)
    old.seal()
    told = invoke(
        "verify", "--key", str(old.key), "--archive", "s3://plain/crm", env={"AUDITLOG_DATABASE_URL": old.sealer.url}
    )
    assert told.exit_code == 0, told.output


def test_what_a_lock_keeps_is_said_until_it_has_gone(
    old: Evidence, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = old.db
    assert retain("s3://locked/a?lock=compliance&days=30").exit_code == 0
    until = store.head_object(Bucket="locked", Key=f"a/{FILE}")["ObjectLockRetainUntilDate"]
    done = approved(old)
    said = f"is locked in the store until {until:%Y-%m-%d %H:%M} UTC, and cannot go earlier"
    assert (done.exit_code, said in done.stdout) == (0, True), done.output
    # What the file is now stays as long as what it was would have.
    assert store.head_object(Bucket="locked", Key=f"a/{FILE}")["ObjectLockRetainUntilDate"] == until
    assert len(store.list_object_versions(Bucket="locked", Prefix=f"a/{FILE}")["Versions"]) == 2
    assert db.value("select max(locked_until) from audit.unreached") == until
    assert invoke("erase", "--archives").stdout == "No archive holds anything that was approved to go.\n"
    with monkeypatch.context() as patch:
        patch.setattr(places.Store, "forget_older", gone)
        db.run("update audit.reached set locked_until = now()")
        assert "1 event erased by request 1\n" in invoke("erase", "--archives").stdout
    assert db.value("select count(*) from audit.unreached") == 0

    # In governance mode, those who may lift a lock do.
    other = places.parse("s3://locked/b?lock=governance&days=30")
    for _ in range(2):
        draft = other.draft("x")
        draft.write_text("x")
        other.put("x", draft)
    assert other.forget_older("x") is None
    assert len(store.list_object_versions(Bucket="locked", Prefix="b/")["Versions"]) == 1


def test_places_that_cannot_be_used_say_why(
    old: Evidence, store: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 's3://nowhere/x: there is no bucket "nowhere"' in error(retain("s3://nowhere/x"))
    assert "is no place in an object store" in invoke("retain", "--keep", "24m", "--to", "s3://").stderr
    assert 'there is no folder "/nowhere"' in invoke("verify", "--archive", "/nowhere").stderr
    monkeypatch.setenv("AUDITLOG_ARCHIVE", "s3://")
    assert 'AUDITLOG_ARCHIVE: "s3://" is no place in an object store' in error(invoke("export"))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "name a folder in XDG_CACHE_HOME" in error(retain("s3://plain/other"))
