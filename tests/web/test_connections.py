"""The web server answers everybody, whatever others do with their connections."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.clients.places import AUDITLOG, environment, free_port
from webapp.config import Settings

SECONDS = 30  # for the start
ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@pytest.fixture
def port(settings: Settings, people: object) -> Iterator[int]:
    """The port of `auditlog serve`, with one web process."""
    port = free_port()
    process = subprocess.Popen(
        [AUDITLOG, "serve", "--workers", "1"],
        env=environment(
            AUDITLOG_DATABASE_URL=settings.database_url,
            AUDITLOG_SECRET_KEY=settings.secret_key,
            AUDITLOG_BIND=f"127.0.0.1:{port}",
        ),
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + SECONDS
    while not listens(port):
        assert process.poll() is None, "it did not start"
        assert time.monotonic() < deadline, f"nothing after {SECONDS} s"
        time.sleep(0.1)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(SECONDS)


def listens(port: int) -> bool:
    try:
        with connect(port):
            return True
    except OSError:
        return False


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)


def answer(client: socket.socket) -> bytes:
    """All that comes until the server has said that there is no more."""
    parts: list[bytes] = []
    while part := client.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def test_clients_that_keep_answered_connections_open_hold_up_nobody(port: int) -> None:
    began = time.monotonic()
    with ExitStack() as kept_open:
        clients = [kept_open.enter_context(connect(port)) for _ in range(10)]
        for client in clients:
            client.sendall(ASK)
        for client in clients:
            assert answer(client).startswith(b"HTTP/1.1 200 ")
        with connect(port) as another:
            another.sendall(ASK)
            assert answer(another).startswith(b"HTTP/1.1 200 ")
        # Waited for one after the other, the ten would take 20 s.
        assert time.monotonic() - began < 8


def test_a_client_that_still_sends_what_nobody_will_read_gets_its_answer(port: int) -> None:
    with connect(port) as client:
        client.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 400000\r\n\r\n"
        )
        client.sendall(bytes(200_000))
        time.sleep(0.3)  # the answer is on its way by now
        client.sendall(bytes(200_000))
        assert answer(client).startswith(b"HTTP/1.1 413 ")
