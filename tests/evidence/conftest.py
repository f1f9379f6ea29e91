"""A log with a sealer that has no more rights than it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Connection, Database
from webapp.evidence import anchors, keys
from webapp.evidence.proof import Checkpoint, PublicKey
from webapp.evidence.service import Sealer


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

    def with_anchors(self, setting: str) -> Evidence:
        return replace(self, sealer=replace(self.sealer, anchors=anchors.parse(setting)))


@pytest.fixture
def evidence(db: Database, tmp_path: Path) -> Evidence:
    keys.create(tmp_path / "seal.key")
    anchor = tmp_path / "checkpoints"
    sealer = Sealer(db.url_of("sealer"), tmp_path / "seal.key", "", anchors.parse(f"file:{anchor}"))
    return Evidence(db, sealer, anchor)
