"""The demo's seals. Its key and the anchored copy lie beside its data, where nobody else should keep them."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..evidence import keys
from ..evidence.service import Sealer

LOGIN = "auditlog_sealer"


@dataclass(frozen=True)
class Seals:
    """Where they are, and the login that makes them."""

    directory: Path
    url: str

    @property
    def key(self) -> Path:
        return self.directory / "seal.key"

    @property
    def checkpoints(self) -> Path:
        return self.directory / "checkpoints"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a sealer, beside what is no setting of ours."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("AUDITLOG_")}
        return others | {
            "AUDITLOG_SEAL_DATABASE_URL": self.url,
            "AUDITLOG_SEAL_KEY_FILE": str(self.key),
            "AUDITLOG_ANCHORS": f"file:{self.checkpoints}",
        }

    @property
    def verify(self) -> str:
        """A command that checks them."""
        program = "auditlog" if shutil.which("auditlog") else str(Path(sys.executable).with_name("auditlog"))
        words = (program, "verify", "--key", str(keys.public_file(self.key)), "--checkpoints", str(self.checkpoints))
        return f"AUDITLOG_SEAL_DATABASE_URL={shlex.quote(self.url)} {shlex.join(words)}"

    def forget(self) -> None:
        """Remove what belongs to a log that is gone."""
        for file in (self.key, keys.public_file(self.key), self.checkpoints):
            file.unlink(missing_ok=True)

    def begin(self) -> None:
        """Seal a log that has just been filled."""
        self.forget()
        keys.create(self.key)
        Sealer.from_environment(self.environment).run_once()
