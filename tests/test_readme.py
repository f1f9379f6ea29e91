"""What the README shows is what was tried."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from webapp.config import SETTINGS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SHOWN = re.findall(r"<!-- from (\S+) -->\n```\w+\n(.*?)```", README, re.DOTALL)


def test_every_client_is_shown() -> None:
    shown = {name for name, _ in SHOWN}
    clients = {f"tests/clients/{name}" for name in ("psycopg_client.py", "sqlalchemy_client.py", "django_client.py")}
    assert shown == clients | {"tests/clients/client.mjs", "tests/clients/Client.java"}


@pytest.mark.parametrize(("file", "code"), SHOWN, ids=[name for name, _ in SHOWN])
def test_the_code_shown_is_the_code_that_is_tested(file: str, code: str) -> None:
    marked = re.search(r"[#/]+ naming the user\n(.*?)\n *[#/]+ end", (ROOT / file).read_text(), re.DOTALL)
    assert marked, f"{file} marks no lines"
    assert code == dedent(marked[1]) + "\n"


def test_every_setting_is_in_the_table_with_its_default() -> None:
    table = dict(re.findall(r"^\| `(AUDITLOG_\w+)` \| (.*?) \|", README, re.MULTILINE))
    assert table == {name: f"`{default}`" if default else "none" for name, (default, _) in SETTINGS.items()}


def test_every_script_named_in_the_readme_is_there_and_can_be_run() -> None:
    for name in set(re.findall(r"scripts/(\w+)", README)):
        assert (ROOT / "scripts" / name).stat().st_mode & 0o111, name


def test_every_picture_is_there() -> None:
    for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README):
        assert (ROOT / name).is_file(), name
