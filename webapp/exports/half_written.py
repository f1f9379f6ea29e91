"""Files on disk that are written as a whole or not at all; what is there of one can be gone on with."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import AuditLogError
from .files import CHUNK, Bytes


@dataclass
class HalfWritten:
    """FILE.part, and beside it in FILE.part.json how far it has come and what it is of."""

    target: Path
    what: dict[str, Any]
    so_far: Bytes

    @staticmethod
    def of(target: Path) -> Path:
        return target.with_name(target.name + ".part")

    @property
    def part(self) -> Path:
        return self.of(self.target)

    @property
    def state(self) -> Path:
        return self.part.with_name(self.part.name + ".json")

    @classmethod
    def begin(cls, target: Path) -> HalfWritten:
        """A new one; raises AuditLogError rather than to write over something."""
        cures = {target: "name another file, or remove it", cls.of(target): "go on with --resume, or remove it"}
        for there, cure in cures.items():
            if there.exists():
                raise AuditLogError(f'"{there}" is there already: {cure}')
        return cls(target, {}, Bytes())

    @classmethod
    def found(cls, target: Path) -> HalfWritten:
        """The one that broke off; raises AuditLogError when nothing can be gone on with."""
        half = cls(target, {}, Bytes())
        if target.exists() and not half.part.exists():
            raise AuditLogError(f'"{target}" is there, and "{half.part}" is not: nothing broke off')
        try:
            state = json.loads(half.state.read_text(encoding="utf-8"))
            half.what, size, half.so_far.rows = state["what"], state["bytes"], state["rows"]
            with half.part.open("r+b") as file:
                file.truncate(size)  # the end of the last whole line that was counted
                while chunk := file.read(CHUNK):
                    half.so_far.add(chunk, 0)
        except (OSError, ValueError, KeyError):
            raise AuditLogError(f'nothing at "{half.part}" can be gone on with: begin anew, without --resume') from None
        if half.so_far.size != size:
            raise AuditLogError(f'"{half.part}" is shorter than it was: remove it, and begin anew without --resume')
        return half

    def open(self) -> IO[bytes]:
        return self.part.open("ab")

    def note(self) -> None:
        """How far it has come, replaced as a whole."""
        following = self.state.with_name(self.state.name + ".new")
        following.write_text(json.dumps({"what": self.what, "bytes": self.so_far.size, "rows": self.so_far.rows}))
        following.replace(self.state)

    def finish(self, file: IO[bytes]) -> None:
        """Let the file have its name, once it is on disk."""
        file.flush()
        os.fsync(file.fileno())
        self.part.replace(self.target)
        self.state.unlink(missing_ok=True)

    def discard(self) -> None:
        self.part.unlink(missing_ok=True)
        self.state.unlink(missing_ok=True)
