"""The demo serves a living page on this machine only, and nothing of it is left when it ends."""

from __future__ import annotations

import http.cookiejar
import os
import shlex
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.clients.places import AUDITLOG, auditlog, environment, free_port, new_place
from tests.conftest import csrf_token
from webapp import server
from webapp.demo import A_CHANGE as CHANGE
from webapp.demo import psql_command
from webapp.embedded import EmbeddedServer
from webapp.evidence import beside

SECONDS = 30  # for anything that takes a moment


def wait_until(holds: Callable[[], object], otherwise: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"after {SECONDS} s: {otherwise}"
        time.sleep(0.1)


@dataclass
class Running:
    """`auditlog demo`, while it serves."""

    directory: Path
    port: int
    process: subprocess.Popen[str]
    said: dict[str, str] = field(default_factory=dict[str, str])

    def wait_until_it_answers(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith("  "):
                name, _, value = line.strip().partition("  ")
                self.said[name.strip()] = value.strip()
            if line.startswith("Then open"):
                break
        wait_until(self.answers, "no answer")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return response.read().decode()

    def answers(self) -> bool:
        try:
            return self.get("/healthz") != ""
        except OSError:
            return False

    def tree(self) -> list[psutil.Process]:
        """Everything that it started, the server included."""
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def value(self, query: str) -> Any:
        with psycopg.connect(EmbeddedServer(self.directory).url("auditlog_demo")) as connection:
            row = connection.execute(query.encode()).fetchone()
        return row and row[0]


@contextmanager
def running(directory: Path, port: int) -> Generator[Running]:
    process = subprocess.Popen(
        [AUDITLOG, "demo", "--data-dir", str(directory), "--port", str(port)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    demo = Running(directory, port, process)
    try:
        demo.wait_until_it_answers()
        yield demo
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(SECONDS)
        assert process.stdout
        process.stdout.close()


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with new_place() as folder:
        yield folder


@pytest.fixture(scope="module")
def demo(place: Path) -> Iterator[Running]:
    with running(place / "demo", free_port()) as demo:
        yield demo


def test_it_answers_on_the_address_that_it_prints(demo: Running) -> None:
    assert demo.said["Address"] == f"http://127.0.0.1:{demo.port}/"
    assert '"ok"' in demo.get("/healthz")


def test_it_listens_on_this_machine_only(demo: Running) -> None:
    listening = {
        connection.laddr
        for process in demo.tree()
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", demo.port)}


def test_the_printed_login_opens_the_report(demo: Running) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    address = f"http://127.0.0.1:{demo.port}"
    page = browser.open(f"{address}/login", timeout=10).read().decode()
    form = {"csrf_token": csrf_token(page), "login": demo.said["Sign in"], "password": demo.said["Password"]}
    browser.open(f"{address}/login", urllib.parse.urlencode(form).encode(), timeout=10)
    report = browser.open(f"{address}/reports/audit-log", timeout=10).read().decode()
    assert "Priya Raman" in report


def test_a_change_that_somebody_makes_with_the_printed_psql_is_an_event_at_once(demo: Running) -> None:
    said = subprocess.run(
        f'{demo.said["SQL"]} --no-psqlrc --command "{CHANGE}"', shell=True, capture_output=True, text=True
    )
    assert said.stdout == "UPDATE 1\n", said.stderr
    event = "db_user = 'maria_dba' and record_id = '1' and after ->> 'company' = 'Somewhere else'"
    assert demo.value(f"select count(*) from audit.events where {event}") == 1


def test_it_seals_itself_and_prints_what_proves_it(demo: Running) -> None:
    assert any(beside.__name__ in " ".join(process.cmdline()) for process in demo.tree())
    done = subprocess.run(demo.said["Verify"], shell=True, capture_output=True, text=True)
    assert (done.returncode, done.stdout[:7]) == (0, "proven:"), done.stdout + done.stderr
    assert demo.value("select count(*) from audit.leaves") > 3_000


def test_without_a_psql_on_the_path_it_prints_where_one_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    program, url = shlex.split(psql_command("postgresql://maria_dba@/auditlog_demo?host=/a b"))
    assert Path(program).name == "psql"
    assert os.access(program, os.X_OK)
    assert url == "postgresql://maria_dba@/auditlog_demo?host=/a b"


def test_nobody_sees_the_report_without_signing_in(demo: Running) -> None:
    assert 'name="password"' in demo.get("/reports/audit-log")


def test_a_small_writer_makes_new_events(demo: Running) -> None:
    newest = demo.value("select max(event_id) from audit.events")
    wait_until(
        lambda: demo.value(
            f"select count(*) from audit.events where event_id > {newest} and application = 'contacts-web' "
            "and entity = 'contact' and actor_name is not null and imported_at is null"
        ),
        "nothing new",
    )


def test_a_second_demo_on_the_same_data_is_told_who_has_it(demo: Running) -> None:
    second = auditlog("demo", "--no-serve", "--data-dir", str(demo.directory))
    assert second.returncode == 1
    assert second.stderr == (
        f"Error: {demo.directory} is in use by process {demo.process.pid}: "
        "stop that one first, or choose another --data-dir\n"
    )


def test_a_port_that_is_taken_is_named(place: Path, demo: Running) -> None:
    second = auditlog("demo", "--port", str(demo.port), "--data-dir", str(place / "never made"))
    assert second.returncode == 1
    assert second.stderr.startswith(f"Error: port {demo.port} on 127.0.0.1 is taken (Address already in use): stop")
    assert second.stderr.endswith(f", or choose another with --port {demo.port + 1}\n")
    assert second.stderr.count("\n") == 1
    assert not (place / "never made").exists()


@pytest.mark.parametrize("port", ["-1", "0", "65536", "700000"])
def test_a_port_that_does_not_exist_is_named(place: Path, port: str) -> None:
    done = auditlog("demo", "--port", port, "--data-dir", str(place / "never made"))
    assert done.returncode == 1
    assert done.stderr == f"Error: port {port} does not exist: choose one from 1024 to 65535\n"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(place: Path, how: signal.Signals) -> None:
    with running(place / "ended", free_port()) as demo:
        everything = demo.tree()
        assert {"postgres"} < {process.name() for process in everything}
        demo.process.send_signal(how)
        assert demo.process.wait(SECONDS) == 0
        _, left = psutil.wait_procs(everything, 10)
        assert not left
        server.require_free_port(f"127.0.0.1:{demo.port}", "--port")
        assert not list((demo.directory / "run").iterdir())


def test_a_kill_ends_everything_and_loses_nothing_that_was_committed(place: Path) -> None:
    port = free_port()
    with running(place / "ended", port) as demo:
        everything = demo.tree()
        with psycopg.connect(EmbeddedServer(demo.directory).url("auditlog_demo")) as connection:
            connection.execute("insert into contacts (first_name, last_name) values ('Ada', 'Lovelace')")
        demo.process.kill()
        _, left = psutil.wait_procs(everything, SECONDS)
        assert not left
    # At once, on the same port.
    with running(place / "ended", port) as demo:
        assert demo.value("select count(*) from audit.events where record_label = 'Ada Lovelace'") == 1
