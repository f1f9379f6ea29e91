"""The list of what OWASP ASVS asks for."""

from __future__ import annotations

import re
from pathlib import Path

LIST = Path(__file__).with_name("ASVS.md").read_text()


def test_a_requirement_stands_in_the_list_once() -> None:
    rows = [line.split("|")[1] for line in LIST.splitlines() if line.startswith("| V")]
    numbers = [number for row in rows for number in re.findall(r"V\d+\.\d+\.\d+", row)]
    assert len(numbers) == len(set(numbers)), sorted(numbers)
