"""Receivers, as processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.conftest import evidence

__all__ = ["evidence"]

SECRET = "of-the-tests-and-nobody-else"


@dataclass
class Receiver:
    port: int
    file: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/take"

    @property
    def batches(self) -> list[dict[str, Any]]:
        """What was taken, request by request."""
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    @property
    def events(self) -> list[int]:
        return [event for batch in self.batches for event in batch["events"]]


Start = Callable[..., Receiver]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Start]:
    """receiver() answers well; receiver(7) fails three times in seven."""
    running: list[subprocess.Popen[str]] = []

    def start(worst: int = 0, *certificate: str) -> Receiver:
        file = tmp_path / f"received-{len(running)}"
        program = Path(__file__).with_name("receiver.py")
        command = [sys.executable, str(program), str(file), SECRET, str(worst), *certificate]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout
        return Receiver(int(process.stdout.readline()), file)

    yield start
    for process in running:
        process.kill()
        process.communicate()
