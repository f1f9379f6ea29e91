"""The report as it is served."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from tests.clients.places import AUDITLOG, environment, free_port
from tests.web.serving import SECONDS, listens
from webapp.config import Settings


@contextmanager
def served(settings: Settings, command: list[str]) -> Generator[int]:
    """The port on which a program serves the report."""
    port = free_port()
    process = subprocess.Popen(
        command,
        env=environment(
            AUDITLOG_DATABASE_URL=settings.database_url,
            AUDITLOG_SECRET_KEY=settings.secret_key,
            AUDITLOG_BIND=f"127.0.0.1:{port}",
        ),
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + SECONDS
        while not listens(port):
            assert process.poll() is None, "it did not start"
            assert time.monotonic() < deadline, f"nothing after {SECONDS} s"
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(SECONDS)


@pytest.fixture
def port(settings: Settings, people: object) -> Iterator[int]:
    """The port of `auditlog serve`, with one web process."""
    with served(settings, [AUDITLOG, "serve", "--workers", "1"]) as port:
        yield port
