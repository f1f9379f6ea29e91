"""What tests need of npm: it is installed beside the package.json that names it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest


def npm_installed(folder: Path) -> Path:
    """The node_modules of a folder, with every version that its package.json asks for."""
    npm = shutil.which("npm") or pytest.skip("npm is not installed")
    modules = folder / "node_modules"
    wanted: dict[str, str] = json.loads((folder / "package.json").read_text())["dependencies"]
    # Two workers must not install into one folder at the same time.
    with (Path(tempfile.gettempdir()) / f"auditlog-{folder.name}-npm-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if any(_version(modules / name) != version for name, version in wanted.items()):
            subprocess.run(
                [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"],
                cwd=folder,
                check=True,
                timeout=300,
            )
    return modules


def _version(package: Path) -> str | None:
    about = package / "package.json"
    return json.loads(about.read_text())["version"] if about.exists() else None
