"""Where a request comes from and whom it is for: proxies are believed when they are ours, hosts when they are us."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from flask import Flask, current_app, render_template, request
from werkzeug.exceptions import HTTPException

from ..config import LOOPBACK, Network, Settings

HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?", re.ASCII)
PEER = "auditlog.peer"  # in the environment of a request: the address of the proxy that sent it


class UnknownHost(HTTPException):
    """The request is for another site than this one."""

    code = 421


class Proxies:
    """Puts the visitor's address in the place of a trusted proxy's. Anybody else's word for it is ignored."""

    def __init__(self, application: Any, trusted: tuple[Network, ...]) -> None:
        self.application = application
        self.trusted = trusted

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        peer = environ.get("REMOTE_ADDR", "")
        client = self._client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
        if client != peer:
            environ |= {"REMOTE_ADDR": client, PEER: peer}
        return self.application(environ, start_response)

    def _client(self, peer: str, forwarded: str) -> str:
        """The last address that a proxy of ours has seen itself: what is left of it, the visitor may have made up."""
        client = peer
        for hop in reversed(forwarded.split(",")):
            if not self._is_ours(client):
                break
            address = _address(hop)
            if address is None:
                break
            client = str(address)
        return client

    def _is_ours(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self.trusted)


def init_app(app: Flask, settings: Settings) -> None:
    app.wsgi_app = Proxies(app.wsgi_app, settings.trusted_proxies)
    ours = {*LOOPBACK, settings.host, settings.bind.rpartition(":")[0].strip("[]")} - {"0.0.0.0", "::"}  # noqa: S104

    def check() -> None:
        """A name that is not ours could make links that lead elsewhere, or be a trick to read us from a page."""
        if request.endpoint != "health.healthz" and _name(request.environ.get("HTTP_HOST", "")) not in ours:
            raise UnknownHost

    app.before_request(check)


def unknown_host() -> tuple[str, int]:
    """What is said to whoever used another name; with the cure, in case it is a good one."""
    name = _name(request.environ.get("HTTP_HOST", ""))[:80]
    with current_app.test_request_context("/"):  # from a name of ours, links can be made
        return render_template("unknown_host.html", name=name), 421


def _name(host: str) -> str:
    """The host without its port; "" for what is none, such as somebody@localhost, which a browser never sends."""
    found = HOST.fullmatch(host)
    return found["name"].strip("[]").lower() if found else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """192.0.2.7, 192.0.2.7:4711, 2001:db8::7 or [2001:db8::7]:4711."""
    text = text.strip()
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    # One and the same address for a proxy that listens on both.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
