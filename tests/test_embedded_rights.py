"""The embedded server and the rights of whoever starts it; and the disk that is full."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.clients.places import REPOSITORY, new_place
from webapp.embedded import EmbeddedServer
from webapp.embedded.account import SERVER_USER
from webapp.embedded.messages import DISK_FULL as FULL
from webapp.embedded.messages import explain_output
from webapp.errors import ServerError

ROOT = os.geteuid() == 0

#: Becomes an ordinary user when it is root. Everything is imported before, because that user may not be able
#: to read this checkout or the interpreter's library; argument 1 is a copy of the server that everybody can read.
PRELUDE = """
import os, sys
from pathlib import Path
import psutil, psycopg
from webapp import embedded
from webapp.embedded import EmbeddedServer
from webapp.errors import ServerError
programs, directory = Path(sys.argv[1]), Path(sys.argv[2])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
assert os.geteuid() != 0
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder that everybody may go through."""
    with new_place() as folder:
        yield folder


@pytest.fixture
def home(place: Path) -> Path:
    """The closed home of an ordinary user."""
    folder = place / "home"
    folder.mkdir(mode=0o700)
    if ROOT:
        os.chown(folder, 65534, 65534)
    return folder


def run(script: str, directory: Path, *before: str) -> str:
    """What a program prints; an exception in it is an error here."""
    programs = EmbeddedServer(directory).program("postgres").parent
    done = subprocess.run(
        [*before, sys.executable, "-c", script, str(programs), str(directory)],
        cwd="/",
        env=os.environ | {"HOME": str(directory.parent), "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def as_ordinary_user(script: str, directory: Path) -> str:
    return run(PRELUDE + script, directory)


# -- an ordinary user ----------------------------------------------------------------------------


def test_an_ordinary_user_runs_it_in_a_closed_home(home: Path) -> None:
    said = as_ordinary_user(
        """
for turn in "first", "second":
    with EmbeddedServer(directory, bin_dir=programs) as server:
        with psycopg.connect(server.url()) as connection:
            connection.execute("create table if not exists kept (n int)")
            connection.execute("insert into kept values (1)")
            print(connection.execute("select count(*) from kept").fetchone()[0])
        print(psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0])).uids().real == os.getuid())
""",
        home / "server",
    )
    assert said.split() == ["1", "True", "2", "True"]
    assert {path.stat().st_uid for path in home.rglob("*")} == {home.stat().st_uid}


def test_an_ordinary_users_data_is_kept_below_that_users_home(home: Path) -> None:
    said = as_ordinary_user("os.environ.pop('XDG_DATA_HOME', 0); print(embedded.default_directory())", home / "server")
    assert said == f"{home}/.local/share/audit-log-report/demo"


def test_a_directory_that_is_not_writable_is_refused_with_the_cure(place: Path) -> None:
    (place / "closed").mkdir(mode=0o555)
    said = as_ordinary_user(REFUSED, place / "closed" / "server")
    assert said == f"{place}/closed/server is not yours to write: choose another --data-dir"


def test_a_directory_that_cannot_even_be_looked_for_is_refused_with_the_cure(place: Path) -> None:
    (place / "closed").mkdir(mode=0o600)
    said = as_ordinary_user(REFUSED, place / "closed" / "server")
    assert re.fullmatch(rf"{place}/closed/server\S* is not yours to write: choose another --data-dir", said)


def test_a_directory_of_somebody_else_is_refused_with_the_cure(place: Path) -> None:
    with EmbeddedServer(place / "server") as server:
        pass
    if ROOT:
        assert as_ordinary_user(REFUSED, place / "server") == (
            f"{server.data} belongs to another user: choose another --data-dir"
        )
        os.chown(server.data, 65534, 65534)
        with pytest.raises(ServerError, match="belongs to another user: choose another --data-dir"):
            server.start()
    else:
        # Nobody else's directory can be made without root; one that was closed comes closest.
        server.directory.chmod(0o500)
        (server.directory / "lock").chmod(0o400)
        with pytest.raises(ServerError, match="is not yours to write: choose another --data-dir"):
            server.start()
        server.directory.chmod(0o700)


REFUSED = """
try:
    EmbeddedServer(directory, bin_dir=programs).start()
except ServerError as error:
    print(error)
"""


# -- root ----------------------------------------------------------------------------------------


def test_the_server_never_runs_as_root(place: Path) -> None:
    with EmbeddedServer(place / "server") as server:
        process = psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))
        user = pwd.getpwuid(process.uids().effective)
        assert process.uids() == (user.pw_uid,) * 3
        assert process.gids() == (user.pw_gid,) * 3
        assert user.pw_uid == os.geteuid() if not ROOT else user.pw_name == SERVER_USER


def test_the_folders_above_it_stay_as_they_are(place: Path) -> None:
    parent = place / "a folder" / "another"
    parent.mkdir(parents=True)
    for folder, mode in ((parent, 0o751), (parent.parent, 0o711)):
        folder.chmod(mode)
    folders = list((parent / "server").parents)
    before = [(path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in folders]
    EmbeddedServer(parent / "server").start().stop()
    assert [(path.stat().st_mode, path.stat().st_uid, path.stat().st_gid) for path in folders] == before


def test_root_does_not_open_a_closed_home_and_says_what_to_do(home: Path) -> None:
    server = EmbeddedServer(home / "server")
    if ROOT:
        with pytest.raises(ServerError) as refused:
            server.start()
        assert str(refused.value) == (
            f'the server cannot run as root, and its user "{SERVER_USER}" may not enter {home}: '
            "choose a --data-dir below /var/lib, or run as an ordinary user"
        )
    else:  # who owns the home may
        server.start().stop()
        shutil.rmtree(home / "server")
    assert home.stat().st_mode & 0o777 == 0o700
    assert list(home.iterdir()) == [], "a refusal leaves nothing behind"


# -- the disk is full ----------------------------------------------------------------------------

#: Argument 2 becomes a small disk that only this program sees.
SMALL_DISK = """
import os, subprocess, sys
from pathlib import Path
import psycopg
from webapp.embedded import EmbeddedServer
from webapp.errors import ServerError
directory = Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=" + SIZE, "tmpfs", str(directory)], check=True)
filler = directory / "filler"
def fill():
    with filler.open("wb", 0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
def start():
    try:
        return EmbeddedServer(directory / "server").start()
    except ServerError as error:
        print(error)
"""


def on_a_small_disk(script: str, size: str, directory: Path) -> list[str] | None:
    """What the script printed; None where no disk can be made."""
    if not ROOT or not shutil.which("unshare") or subprocess.run(["unshare", "--mount", "true"]).returncode != 0:
        return None
    directory.mkdir()
    return run(f"SIZE = {size!r}\n{SMALL_DISK}{script}", directory, "unshare", "--mount").splitlines()


def test_a_disk_that_is_full_is_named_before_anything_is_stored(place: Path) -> None:
    said = on_a_small_disk("start(); fill(); start()", "10m", place / "disk")
    assert said is None or said == [f"cannot create the database in {place}/disk/server/data: {FULL}"] * 2


def test_a_disk_that_fills_up_later_costs_nothing_that_was_committed(place: Path) -> None:
    said = on_a_small_disk(
        """
with EmbeddedServer(directory / "server") as server:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
fill()
start()
filler.unlink()
with EmbeddedServer(directory / "server") as server:
    with psycopg.connect(server.url()) as connection:
        print(connection.execute("select answer from kept").fetchone()[0])
""",
        "90m",
        place / "disk",
    )
    assert said is None or (len(said) == 2 and FULL in said[0] and said[1] == "42")


@pytest.mark.parametrize("size", ["38m", "40m", "42m"])
def test_a_disk_that_fills_up_while_the_demo_is_prepared_is_named_whatever_was_doing_what(
    place: Path, size: str
) -> None:
    said = on_a_small_disk(
        """
from webapp import demo
try:
    with demo.prepared(directory / "server"):
        print("filled")
except ServerError as error:
    print(error)
""",
        size,
        place / "disk",
    )
    assert said is None or said[-1].endswith(FULL)


def test_whatever_fails_on_a_full_disk_is_told_as_that_and_nothing_else_is(place: Path) -> None:
    said = on_a_small_disk(
        """
with EmbeddedServer(directory / "server") as server:
    try:
        with server.naming_a_full_disk():
            raise ValueError("something else")
    except ValueError as error:
        print(error)
    fill()
    try:
        with server.naming_a_full_disk():
            raise ValueError("server closed the connection unexpectedly")
    except ServerError as error:
        print(error)
    filler.unlink()
""",
        "90m",
        place / "disk",
    )
    assert said is None or said == ["something else", FULL]


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (b"FATAL:  could not write to file \"pg_wal/xlogtemp.7\": No space left on device", FULL),
        (b"FATAL:  could not create lock file \"postmaster.pid\": No space left on device\nHINT:  x", FULL),
        (b"PANIC:  could not extend file \"base/1/2\": wrote only 4096 of 8192 bytes at block 7", FULL),
        (b"LOG:  x\nFATAL:  wrong ownership\nHINT:  x", "FATAL:  wrong ownership"),
        (b"sh: postgres: not found\n", "sh: postgres: not found"),
        (b"", "it printed nothing"),
    ],
)  # fmt: skip
def test_what_the_server_says_becomes_one_line(output: bytes, message: str) -> None:
    assert explain_output(output) == message
