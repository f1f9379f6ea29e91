"""The list of what OWASP ASVS asks for names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LIST = Path(__file__).with_name("ASVS.md").read_text()


def test_every_requirement_that_is_met_names_tests_that_exist() -> None:
    met = [line for line in LIST.partition("## Met")[2].splitlines() if line.startswith("| V")]
    assert met
    for line in met:
        named = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", line)
        assert named, line
        for path, name in named:
            assert f"def {name}(" in (REPOSITORY / path).read_text(), f"{path}::{name}"


def test_a_requirement_stands_in_the_list_once() -> None:
    rows = [line.split("|")[1] for line in LIST.splitlines() if line.startswith("| V")]
    numbers = [number for row in rows for number in re.findall(r"V\d+\.\d+\.\d+", row)]
    assert len(numbers) == len(set(numbers)), sorted(numbers)
