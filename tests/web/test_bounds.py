"""What `auditlog serve` says to requests that are too much, too long, too slow, or none."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.conftest import Browser, check_page, csrf_token
from tests.web.reading import REPORT
from tests.web.serving import answer, connect
from webapp import web_worker

Visitor = Callable[..., Browser]
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
POST = b"POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

#: Bytes on the wire, and the status that they are answered with.
ODD: dict[str, tuple[bytes, int]] = {
    "a long line": (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
    "a long query": (b"GET /login?next=" + b"x" * 7_500 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 414),
    "a long path": (b"GET /" + b"x" * 3_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 414),
    "a long header": (HEAD + b"Cookie: " + b"x" * 9_000 + b"\r\n\r\n", 431),
    "many headers": (HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(100)) + b"\r\n", 431),
    "a header without a name": (HEAD + b": x\r\n\r\n", 400),
    "a header that goes on below": (HEAD + b"X-A: b\r\n c\r\n\r\n", 400),
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
    "a length that is none": (POST + b"Content-Length: many\r\n\r\n", 400),
    "a length and chunks": (POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunks that are none": (POST + b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    "a body that is too large": (POST + b"Content-Type: text/plain\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000, 413),
    "chunks, in which no browser sends a form": (POST + b"Transfer-Encoding: chunked\r\n\r\n" + (b"2000\r\n" + b"x" * 0x2000 + b"\r\n") * 9 + b"0\r\n\r\n", 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    "another version": (b"GET / HTTP/9.9\r\n\r\n", 400),
    "no host": (b"GET /login HTTP/1.0\r\n\r\n", 421),
}  # fmt: skip


def test_every_odd_request_is_answered_with_a_page_that_gives_nothing_away(port: int) -> None:
    for what, (sent, status) in ODD.items():
        with connect(port) as client:
            client.sendall(sent)
            head, _, page = answer(client).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0].split()[1] == str(status), f"{what}: {lines[0]}"
        assert "Content-Security-Policy: default-src 'none'" in head.decode(), what
        assert "Cache-Control: no-store" in lines, what
        check_page(page.decode(), what)
        for inside in ("gunicorn", "Traceback", "xxx", "werkzeug"):
            assert inside not in page.decode(), what
    with connect(port) as client:
        client.sendall(HEAD + b"\r\n")
        assert answer(client).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_never_finishes_its_headers_is_hung_up_on() -> None:
    ours, theirs = socket.socketpair()

    class Connection:
        sock = ours

    worker = web_worker.Worker.__new__(web_worker.Worker)
    worker.pending_conns = deque[Any]()
    worker._reading = {Connection(): 0.0}  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    worker.murder_pending()
    assert theirs.recv(1) == b""
    assert ours.recv(1) == b"", "its thread reads the end, too"
    ours.close()
    theirs.close()


def test_a_form_of_too_many_parts_is_refused(visitor: Visitor) -> None:
    browser = visitor("auditor")
    token = csrf_token(browser.get(REPORT))
    parts = {f"f{number}": "x" for number in range(300)}
    answer = browser.client.post(
        f"{REPORT}/export", data={"csrf_token": token, **parts}, content_type="multipart/form-data"
    )
    assert answer.status_code == 413
    assert "Too much at once" in answer.text
