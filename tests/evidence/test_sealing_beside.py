"""`auditlog serve` seals, too, by a process whose settings its web processes do not know."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.clients.places import AUDITLOG, environment, free_port
from tests.evidence.conftest import Evidence
from tests.test_cli import error, invoke
from webapp.config import SEALERS_OWN, Settings
from webapp.evidence import beside

SECONDS = 60


def wait_until(holds: Callable[[], object], otherwise: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"after {SECONDS} s: {otherwise}"
        time.sleep(0.1)


def test_serve_seals_in_a_process_of_its_own_that_comes_back_and_ends_with_it(
    evidence: Evidence, settings: Settings
) -> None:
    evidence.write(3)
    own = {
        "AUDITLOG_SEAL_KEY_FILE": str(evidence.sealer.key_file),
        "AUDITLOG_SEAL_DATABASE_URL": evidence.sealer.url,
        "AUDITLOG_ANCHORS": f"file:{evidence.anchor}",
    }
    web = {"AUDITLOG_DATABASE_URL": settings.database_url, "AUDITLOG_SECRET_KEY": settings.secret_key}
    serving = subprocess.Popen(
        [AUDITLOG, "serve", "--workers", "1"],
        env=environment(**web, **own, AUDITLOG_BIND=f"127.0.0.1:{free_port()}"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    master = psutil.Process(serving.pid)
    everything = [master]
    try:
        wait_until(lambda: evidence.sealed() and len(master.children(recursive=True)) == 3, "nothing is sealed")
        everything += master.children(recursive=True)
        keeper = next(child for child in master.children() if beside.__name__ in " ".join(child.cmdline()))
        (sealer,) = keeper.children()
        for process in everything:
            known = process.environ()
            if process in (keeper, sealer):
                assert own.items() <= known.items()
                assert "AUDITLOG_SECRET_KEY" not in known
            else:
                assert not {*SEALERS_OWN} & {*known}
                assert not any(value in known.values() for value in own.values())

        # It is at work alone: while another one is, it stands by.
        evidence.write()
        evidence.seal()
        sealed = len(evidence.sealed())
        os.kill(sealer.pid, signal.SIGKILL)
        evidence.write()
        wait_until(lambda: len(evidence.sealed()) > sealed, "the sealer did not come back")
        everything += master.children(recursive=True)
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(SECONDS)
    _, left = psutil.wait_procs(everything, SECONDS)
    assert not left
    assert evidence.verify().exit_code == 0


def test_a_keeper_ends_when_whoever_serves_is_killed(evidence: Evidence) -> None:
    program = "from webapp.evidence import beside; keeper, _ = beside.start(); print(keeper.pid, flush=True); input()"
    settings = {
        "AUDITLOG_SEAL_KEY_FILE": str(evidence.sealer.key_file),
        "AUDITLOG_SEAL_DATABASE_URL": evidence.sealer.url,
    }
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment(**settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as serving:
        assert serving.stdout
        keeper = psutil.Process(int(serving.stdout.readline()))
        wait_until(evidence.checkpoints, "nothing is sealed")
        started = [keeper, *keeper.children()]
        serving.kill()
    _, left = psutil.wait_procs(started, SECONDS)
    assert not left


def test_what_keeps_a_server_from_sealing_is_said_before_it_starts(
    evidence: Evidence, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("AUDITLOG_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("AUDITLOG_SEAL_DATABASE_URL", evidence.sealer.url)
    assert "AUDITLOG_SEAL_KEY_FILE is not set: make a key" in error(invoke("serve"))
    monkeypatch.setenv("AUDITLOG_SEAL_KEY_FILE", str(evidence.sealer.key_file))
    for url, said in (
        (
            settings.database_url,
            "cannot seal. Give the sealer a login of its own (create role auditlog_sealer login in role",
        ),
        ("postgres//x", "AUDITLOG_SEAL_DATABASE_URL cannot be understood"),
        ("postgresql://sealer:password@localhost/x", "the password in AUDITLOG_SEAL_DATABASE_URL is too short"),
    ):
        monkeypatch.setenv("AUDITLOG_SEAL_DATABASE_URL", url)
        assert said in error(invoke("serve"))
    monkeypatch.delenv("AUDITLOG_SEAL_DATABASE_URL")
    (warning,) = beside.warnings()
    assert "this server seals nothing. Name one in the role audit_sealer" in warning
