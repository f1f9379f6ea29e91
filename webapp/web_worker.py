"""A web process of gunicorn: its threads, and what it says to clients that do not keep to HTTP."""

from __future__ import annotations

import selectors
import socket
import struct
import time
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from typing import Any, cast

from flask import Flask
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import TConn, ThreadWorker

from .views import errors

DRAINED_AT_ONCE = 65_536
READING_SECONDS = 20  # for the lines and headers of a request, which fit into a packet or two
SENDING_SECONDS = 120  # in which a client takes nothing of its answer: a download that was paused, or forgotten
TOO_LARGE: dict[type[ParseException], HTTPStatus] = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
}


class Worker(ThreadWorker):
    """gunicorn's threads, but a client that keeps a connection open holds up nobody.

    Before it closes a connection, gunicorn waits up to 2 s in its main loop for the client to close first: without
    that, what the client is still sending would cost it the answer. Here the loop itself watches for it meanwhile.
    And a client that sends its request too slowly would keep a thread for ever: the loop ends that, too.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reading: dict[TConn, float] = {}

    # -- a request that comes too slowly -----------------------------------------------------------

    def handle(self, conn: TConn) -> Any:
        self._reading[conn] = time.monotonic() + READING_SECONDS
        try:
            return super().handle(conn)
        finally:
            self._reading.pop(conn, None)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        self._reading.pop(conn, None)  # all is read, but for the body
        # A client that no longer takes its answer would keep a thread, and an export, for ever.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SENDING_SECONDS, 0))
        return super().handle_request(req, conn)

    def murder_pending(self) -> None:
        """Once a second or so: close what has waited too long."""
        super().murder_pending()
        now = time.monotonic()
        for conn, until in list(self._reading.items()):
            if until < now:
                self._reading.pop(conn, None)
                self._shut(conn, socket.SHUT_RDWR)  # its thread reads the end of it

    # -- a request that is none --------------------------------------------------------------------

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        # What was sent is not quoted: it may be anything.
        self.log.warning("a request that is none: %s", type(exc).__name__)
        status = next((code for kind, code in TOO_LARGE.items() if isinstance(exc, kind)), HTTPStatus.BAD_REQUEST)
        try:
            client.sendall(errors.raw(cast(Flask, self.wsgi), status))
        except OSError:
            self.log.debug("it did not wait for the answer")

    # -- the end of a connection -------------------------------------------------------------------

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)  # kept alive, put off, or broken: there is nothing to wait for
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):  # it is closed already
            self._close(conn)
            return
        # From here it is like a connection on which nothing was said yet: closed when its time is up.
        conn.set_timeout()
        self.pending_conns.append(conn)

    def _drain(self, conn: TConn, sock: socket.socket) -> None:
        """Throw away what the client still sends; close when it has closed."""
        try:
            if sock.recv(DRAINED_AT_ONCE):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.poller.unregister(sock)
        self.pending_conns.remove(conn)
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    @staticmethod
    def _shut(conn: TConn, how: int) -> None:
        try:
            conn.sock.shutdown(how)
        except OSError:  # it is closed already
            pass
