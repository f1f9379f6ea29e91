"""What the README shows is what was tested."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from webapp.config import SETTINGS

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text()
CLIENTS = REPOSITORY / "tests/clients"

#: A line that names a file, then a code block.
SHOWN = re.compile(r"^<!-- from (\S+) -->\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARKED = re.compile(
    r"^ *(?:#|//|--) (?:naming the user|exporting contacts)\n(.*?)^ *(?:#|//|--) end$", re.MULTILINE | re.DOTALL
)


def marked_lines(file: Path) -> str:
    """The lines between the markers of a client."""
    found = MARKED.findall(file.read_text())
    assert len(found) == 1, f"{file.name}: {len(found)} marked passages"
    return dedent(found[0])


@pytest.mark.parametrize(("path", "code"), SHOWN.findall(README), ids=lambda text: text.split("\n")[0])
def test_a_code_block_is_what_the_client_runs(path: str, code: str) -> None:
    assert code == marked_lines(REPOSITORY / path)


def test_every_marker_is_followed_by_a_code_block() -> None:
    assert re.findall(r"<!-- from (\S+) -->", README) == [path for path, _ in SHOWN.findall(README)]


def test_every_language_with_a_client_is_shown() -> None:
    shown = {path for path, _ in SHOWN.findall(README)}
    clients = [
        *CLIENTS.glob("*_client.py"),
        *CLIENTS.glob("*_export.py"),
        *CLIENTS.glob("*.mjs"),
        *CLIENTS.glob("*.java"),
    ]
    assert {str(file.relative_to(REPOSITORY)) for file in clients} <= shown


def test_the_table_of_settings_is_the_programs_own() -> None:
    rows = re.findall(r"^\| `(AUDITLOG_\w+)` \| (\S*) ?\| (.*) \|$", README, re.MULTILINE)
    table = {name: ("" if default == "none" else default.strip("`"), text) for name, default, text in rows}
    assert table == SETTINGS


def test_every_file_that_it_points_at_exists() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)\)", README) if "://" not in target]
    assert [target for target in targets if not (REPOSITORY / target).exists()] == []
