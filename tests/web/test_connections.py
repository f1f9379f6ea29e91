"""The web server answers everybody, whatever others do with their connections."""

from __future__ import annotations

import time
from contextlib import ExitStack

from tests.web.serving import answer, connect

ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


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
