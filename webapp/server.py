"""gunicorn, set up for this application."""

from __future__ import annotations

import errno
import os
import socket
import time
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from . import create_app, searching, web_logins
from .config import Settings
from .connecting import connected
from .errors import ServerError
from .web_worker import Worker

PORT_SECONDS = 5  # a server that was killed needs a moment to let go of its port
PORTS = range(1, 65_536)


class WebServer(BaseApplication):
    """Serves until it is told to stop. The application is made in each worker, after the fork."""

    def __init__(self, settings: Settings, *, workers: int, threads: int = 16, quiet: bool = False) -> None:
        self.settings = settings
        self.options: dict[str, Any] = {
            "bind": settings.bind,
            "workers": workers,
            "threads": threads,
            "worker_class": Worker,
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 5,
            "backlog": 128,
            "worker_connections": 200,
            "limit_request_line": 8190,
            "limit_request_fields": 60,
            "limit_request_field_size": 8190,
            "forwarded_allow_ips": "",  # what a proxy says is judged in one place: AUDITLOG_TRUSTED_PROXIES
            "proc_name": "auditlog",
            "loglevel": "warning" if quiet else "info",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        assert self.cfg is not None
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:  # pyright: ignore[reportIncompatibleMethodOverride]
        app = create_app(self.settings)
        searching.follow(self.settings.database_url)
        return app


def warnings(settings: Settings) -> list[str]:
    """What whoever starts the server must know about its address."""
    if settings.over_https and not settings.public_url.startswith("https:"):
        return [
            f"{settings.bind} is open to other machines, so people can sign in by HTTPS only: put a proxy with HTTPS "
            "in front, and set AUDITLOG_PUBLIC_URL to its address, such as https://audit.example.org"
        ]
    if not settings.over_https and not settings.listens_on_loopback:
        return [
            f"insecure: {settings.bind} is open to other machines, and {settings.public_url} is plain HTTP: whoever "
            "is on the way reads passwords. Set AUDITLOG_BIND to 127.0.0.1, unless something else keeps others out"
        ]
    return []


def require_port(port: int) -> None:
    """Raise ServerError when there can be no such port."""
    if port not in PORTS:
        raise ServerError(f"port {port} does not exist: choose one from 1024 to 65535")


def another_port(port: int) -> int:
    """The next one, for a cure that can be copied."""
    return port + 1 if port + 1 in PORTS else port - 1


def require_free_port(bind: str, another: str) -> None:
    """Raise ServerError when the address cannot be listened on; `another` says how to choose another port."""
    host, _, port = bind.rpartition(":")
    require_port(int(port))
    address, family = (host.strip("[]"), int(port)), socket.AF_INET6 if ":" in host else socket.AF_INET
    nowhere = ServerError(
        f'"{host}" is not an address of this machine: use 127.0.0.1, or 0.0.0.0 for all of its addresses'
    )
    try:
        socket.getaddrinfo(*address, family)
    except socket.gaierror:
        raise nowhere from None
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        try:
            with socket.create_server(address, family=family):
                return
        except PermissionError:
            raise ServerError(f"port {port} is reserved: choose one from 1024 to 65535") from None
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise nowhere from None
            if time.monotonic() > deadline:
                reason = os.strerror(error.errno or 0)
                raise ServerError(
                    f"port {port} on {host} is taken ({reason}): stop what uses it, or choose another with {another}"
                ) from None
            time.sleep(0.2)


NOBODY = (
    "nobody can sign in yet: let the view audit.web_users show your people (README.md has examples), or run "
    "`auditlog migrate --reference-tables` and `auditlog user add` as the database's owner"
)


def require_database(settings: Settings) -> list[str]:
    """Raise before the first worker starts, with a message for people; return what they must know besides."""
    with connected(settings.database_url, "serve", needs="the role audit_web", autocommit=True) as connection:
        web_logins.require_least(connection)
        connection.execute("select audit.ensure_partitions()")
        people = connection.execute("select from audit.web_users where active limit 1").fetchone()
    return [NOBODY] if people is None else []
