"""`auditlog serve`, as tests reach it: byte by byte."""

from __future__ import annotations

import socket

SECONDS = 30  # for the start


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
