"""Checkpoints in an object store: a server of its own, asked by the same protocol as any other one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.conftest import Evidence
from tests.test_cli import error, invoke
from webapp.evidence import object_store
from webapp.evidence.anchors import AnchorError, ObjectAnchor
from webapp.evidence.object_store import Bucket, StoreError
from webapp.evidence.sealing import SealingError


def test_checkpoints_go_to_a_store_where_nobody_deletes_or_overwrites_them(
    evidence: Evidence, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "s3://locked/crm/checkpoints?lock=compliance&days=30"
    evidence = evidence.with_anchors(f"{address} file:{evidence.anchor}")
    for _ in range(2):
        evidence.write()
        evidence.seal()
    evidence.seal()
    place = ObjectAnchor(Bucket.parse(address))
    assert place.checkpoints() == evidence.checkpoints()
    assert place.last() == evidence.checkpoints()[1]
    keys = [found["Key"] for found in store.list_objects_v2(Bucket="locked")["Contents"]]
    day = f"{evidence.checkpoints()[1].time:%Y/%m/%d}"
    assert keys[-1] == f"crm/checkpoints/{day}/0000000001"

    kept = store.head_object(Bucket="locked", Key=keys[-1])
    assert kept["ObjectLockMode"] == "COMPLIANCE"
    assert 29 <= (kept["ObjectLockRetainUntilDate"] - evidence.checkpoints()[1].time).days <= 30
    with pytest.raises(store.exceptions.ClientError, match="AccessDenied"):
        store.delete_object(Bucket="locked", Key=keys[-1], VersionId=kept["VersionId"])
    assert place.bucket.put(f"{day}/0000000001", b"something else") is False
    assert place.last() == evidence.checkpoints()[1]
    with pytest.raises(AnchorError, match=r"0000000001 holds another checkpoint: compare it with `auditlog verify`"):
        place.add(evidence.checkpoints()[1:], ["something else"])

    # What the store has is compared with the log, and never built upon when they differ.
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", evidence.sealer.url)
    done = invoke("verify", "--key", str(evidence.key), "--checkpoints", "s3://locked/crm/checkpoints")
    assert (done.exit_code, "2 of them in anchored copies" in done.stdout) == (0, True), done.output
    monkeypatch.setenv("AUDITLOG_ANCHORS", address)
    assert "2 of them in anchored copies" in invoke("verify", "--key", str(evidence.key)).stdout
    evidence.db.run("alter table audit.checkpoints disable trigger user")
    evidence.db.run("delete from audit.checkpoints where number = 1")
    with pytest.raises(SealingError, match=r"s3://locked/crm/checkpoints holds checkpoint 1 of .* does not have"):
        evidence.seal()


def test_what_is_wrong_with_a_store_is_said_with_its_cure_and_tried_again(
    evidence: Evidence, store: Any, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence.write()
    evidence = evidence.with_anchors(f"s3://nowhere/x s3://plain?lock=governance&days=1 file:{evidence.anchor}")
    _, failed = evidence.sealer.run_once()
    assert failed["s3://nowhere/x"] == (
        's3://nowhere/x: there is no bucket "nowhere": create it, with object lock to keep what it gets'
    )
    assert "the bucket has no object lock: create one that has" in failed["s3://plain"]
    waiting = "select target from audit.anchors where problem_since is not null order by 1"
    assert evidence.db.run(waiting) == [("s3://nowhere/x",), ("s3://plain",)]
    store.create_bucket(Bucket="nowhere")
    evidence = evidence.with_anchors("s3://nowhere/x")
    evidence.seal()
    assert evidence.db.run(waiting) == []
    place = ObjectAnchor(Bucket.parse("s3://nowhere/x"))
    assert place.checkpoints() == evidence.checkpoints()
    store.put_object(Bucket="nowhere", Key="x/9999/01/01/1", Body=b"\xff")
    with pytest.raises(AnchorError, match="s3://nowhere/x/9999/01/01/1 is no checkpoint"):
        place.last()

    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match="s3://plain cannot be reached"):
        Bucket("plain").get("x")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(StoreError, match="s3://plain: no credentials: set AWS_ACCESS_KEY_ID"):
        Bucket("plain").get("x")
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(StoreError, match=r"an object store needs boto3: pip install boto3"):
        Bucket("plain").get("x")


def test_places_in_a_store_that_cannot_be_understood_are_refused(evidence: Evidence, tmp_path: Path) -> None:
    for wrong in ("s3://", "s3://b?lock=on&days=3", "s3://b?lock=compliance", "s3://b?days=3", "s3://b?size=3"):
        with pytest.raises(StoreError, match="is no place in an object store: write s3://bucket/folder"):
            Bucket.parse(wrong)
    assert Bucket.parse("s3://b/c/?lock=governance&days=9") == Bucket("b", "c", "governance", 9)
    assert "is no place in an object store" in error(
        invoke("verify", "--key", str(evidence.key), "--checkpoints", "s3://")
    )
    assert object_store.EXAMPLE.startswith("s3://")
