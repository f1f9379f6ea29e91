"""Lists of what is wanted name, for each line, tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.mark.parametrize(("name", "begins"), [("FAILURES.md", "## Completeness"), ("web/ASVS.md", "## Met")])
def test_every_line_names_tests_that_exist(name: str, begins: str) -> None:
    rows = re.findall(r"^\| [^|].*$", (TESTS / name).read_text().partition(begins)[2], re.MULTILINE)
    rows = [row for row in rows if not row.endswith("| test |")]
    assert len(rows) > 30
    for row in rows:
        named = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", row.rpartition(" | ")[2])
        assert named, row
        for path, test in named:
            assert f"def {test}(" in (TESTS.parent / path).read_text(), f"{path}::{test}"
