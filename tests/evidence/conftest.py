"""A log with a sealer that has no more rights than it needs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from psycopg import sql

from tests.clients.places import environment, free_port
from tests.conftest import Connection, Database
from tests.test_cli import invoke
from tests.web.serving import listens
from webapp.evidence import anchors, keys
from webapp.evidence.proof import Checkpoint, PublicKey, leaf_hash, payload_commit, read_checkpoints
from webapp.evidence.queries import load
from webapp.evidence.service import Sealer
from webapp.evidence.verifying import Verdict, verify

Run = Callable[..., Any]


@dataclass
class Evidence:
    """A database, its sealer, and the file that its checkpoints go to."""

    db: Database
    sealer: Sealer
    anchor: Path

    @property
    def key(self) -> PublicKey:
        return keys.load(self.sealer.key_file).public

    def write(self, rows: int = 1, connection: Connection | None = None) -> None:
        """One transaction that leaves so many events."""
        statement = b"insert into contacts (first_name) select 'No. ' || i from generate_series(1, %s) i"
        (connection or self.db.superuser).execute(statement.replace(b"%s", str(rows).encode()))

    def seal(self, **options: Any) -> Checkpoint | None:
        done, failed = self.sealer.run_once(**options)
        assert not failed
        return done.checkpoint

    def sealed(self) -> list[int]:
        """Numbers of the sealed events, in the order of their leaves."""
        return [row[0] for row in self.db.run("select event_id from audit.leaves order by leaf_index")]

    def checkpoints(self) -> list[Checkpoint]:
        return [Checkpoint.parse(row[0]) for row in self.db.run("select note from audit.checkpoints order by number")]

    def verify(
        self,
        copies: Sequence[str] | None = None,
        *,
        lag: float = 15,
        overdue: float = 75,
        connection: Connection | None = None,
        key: PublicKey | None = None,
    ) -> Verdict:
        """What verification finds, compared with the anchored file, or with other copies."""
        texts = [self.anchor.read_text()] if copies is None else copies
        own = connection or self.db.connect("sealer")
        return verify(
            self.sealer.url,
            own,
            key or self.key,
            [read_checkpoints(text) for text in texts],
            jobs=1,
            lag=timedelta(minutes=lag),
            overdue=timedelta(minutes=overdue),
        )

    def elsewhere(self, key: Path | None, anchor: Path | None = None) -> Evidence:
        """The same log, sealed with another key or for another place: what an attacker runs."""
        places = anchors.parse(f"file:{anchor}" if anchor else "")
        return replace(self, sealer=replace(self.sealer, key_file=key or self.sealer.key_file, anchors=places))

    def reseal(self, event_id: int) -> None:
        """A new leaf for an event, made as the sealer makes it."""
        row = self.db.superuser.execute(
            sql.SQL("select header, details, old_row, new_row from ({}) s where event_id = {}").format(
                load("sealable"), event_id
            )
        ).fetchone()
        assert row
        header, *payload = row
        leaf = leaf_hash(header, payload_commit(b"s" * 16, *payload))
        self.db.run("update audit.leaves set salt = %s, leaf_hash = %s where event_id = %s", b"s" * 16, leaf, event_id)

    def with_anchors(self, setting: str) -> Evidence:
        return replace(self, sealer=replace(self.sealer, anchors=anchors.parse(setting)))


@pytest.fixture
def evidence(db: Database, tmp_path: Path) -> Evidence:
    keys.create(tmp_path / "seal.key")
    anchor = tmp_path / "checkpoints"
    sealer = Sealer(db.url_of("sealer"), tmp_path / "seal.key", "", anchors.parse(f"file:{anchor}"))
    return Evidence(db, sealer, anchor)


@pytest.fixture
def old(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    """A sealed log with two months of long ago, January and February 2021, and what happens today."""
    db = evidence.db
    evidence.write(5)
    db.run(
        "insert into users (id, name, email, role, password_hash) values (900, 'Moe', 'moe@example.org', 'auditor', 'x')"
    )
    for month in ("2021-01-15", "2021-02-15"):
        db.run("select audit.add_partition(%s::timestamptz)", month)
        db.run(
            "insert into audit.log (occurred_at, shape_id, action, record_id, new_row, actor_id, actor_name, context, client_addr) "
            "select %s::timestamptz + event_id * interval '1 second', shape_id, action, record_id, new_row, '7', 'Ada', "
            """'{"ip": "10.0.0.1", "n": 1.50}', '10.1.2.3' from audit.log where action = 'i' and occurred_at > '2022-01-01'""",
            month,
        )
    evidence.seal()
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url_of("admin"))
    return evidence


@pytest.fixture
def run(old: Evidence, tmp_path: Path) -> Run:
    def retain(*more: str, to: Path = tmp_path / "archive") -> Any:
        return invoke("retain", "--keep", "24m", "--to", str(to), *more)

    return retain


@pytest.fixture(scope="session")
def port() -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not listens(port):
        assert server.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield port
    server.kill()
    server.wait()


@pytest.fixture
def store(port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A client of the store, in which there is a bucket with object lock and one without."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    urlopen(Request(f"http://127.0.0.1:{port}/moto-api/reset", method="POST")).close()
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    client.create_bucket(Bucket="plain")
    return client
