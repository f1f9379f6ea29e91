"""The package as others install it, and the tree as others read it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_carries_sql_templates_and_styles(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (("sql", "webapp/sql"), ("webapp", "webapp")):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert f"{inside}/{file.relative_to(ROOT / folder)}" in packed


def test_an_installed_wheel_finds_its_migrations(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    program = (
        "from webapp import migrations as m; "
        "print(m.sql_root(), len(m.migrations()), len(m.functions()), len(m.reference_tables()))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd="/",
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    root, *counts = done.stdout.split()
    assert root == str(tmp_path / "webapp/sql")
    folders = ("migrations", "triggers", "migrations/reference_tables")
    assert counts == [str(len(list((ROOT / "sql" / folder).glob("*.sql")))) for folder in folders]


def test_the_tree_names_no_registry() -> None:
    hosts = ["pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "deb." + "debian.org"]
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        text = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        for host in hosts:
            assert host.encode() not in text, f"{name} names {host}"


def test_every_requirement_is_pinned_by_hash() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        blocks = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
        assert blocks
        for line in blocks:
            assert "==" in line, f"{name}: {line[:80]}"
            assert "--hash=sha256:" in line, f"{name}: {line[:80]}"
