"""Events posted to an address, signed as Standard Webhooks say, and again until the receiver has them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import random
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from ..config import LOOPBACK
from .cursors import StreamError

TIMEOUT = 30  # seconds that the receiver has to answer
PATIENCE = 300  # seconds for which a batch is tried again before somebody is told
SHORTEST, LONGEST = 1.0, 60.0  # seconds between two tries
LONGEST_ASKED = 3600.0  # when the receiver asks for more patience than ours
AGAIN = {408, 425, 429, *range(500, 600)}  # answers after which the same may be taken later


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What was signed for one address is not carried to another."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class WebTarget:
    """An address that takes batches by POST."""

    def __init__(
        self,
        address: str,
        secret: str,
        authorization: str = "",
        on_trouble: Callable[[str], None] = lambda text: None,
        shortest: float = SHORTEST,
        patience: float = PATIENCE,
    ) -> None:
        parts = urlsplit(address)
        if not parts.hostname or parts.username:
            raise StreamError(
                "the address to stream to must be https://host/path; what proves who we are goes into "
                "AUDITLOG_STREAM_SECRET and AUDITLOG_STREAM_AUTHORIZATION"
            )
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise StreamError("events tell of people, and go by https:// only, except to this machine")
        self._address = address
        self._name = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self._key = _key(secret)
        self._authorization = authorization
        self._on_trouble = on_trouble
        self._shortest = shortest
        self._patience = patience
        secure = urllib.request.HTTPSHandler(context=ssl.create_default_context())
        self._opener = urllib.request.build_opener(secure, _NoRedirect)

    def send(self, batch_id: str, lines: list[str], stop: threading.Event) -> bool:
        """Post until it is taken. Raises StreamError when it is refused for good, or was for too long."""
        body = "".join(f"{line}\n" for line in lines).encode()
        deadline = time.monotonic() + self._patience
        tries = 0
        while not stop.is_set():
            problem, asked = self._post(batch_id, body)
            if not problem:
                return True
            self._on_trouble(problem)
            most = min(LONGEST, self._shortest * 2**tries)
            pause = min(asked, LONGEST_ASKED) if asked is not None else random.uniform(most / 2, most)  # noqa: S311
            if time.monotonic() + pause > deadline:
                raise StreamError(problem)
            tries += 1
            stop.wait(pause)
        return False

    def _post(self, batch_id: str, body: bytes) -> tuple[str, float | None]:
        """(what went wrong, seconds that the receiver asks to wait); raises StreamError when it is no use to wait."""
        now = str(int(time.time()))
        signature = hmac.new(self._key, f"{batch_id}.{now}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "Content-Type": "application/x-ndjson",
            "User-Agent": "auditlog",
            "webhook-id": batch_id,
            "webhook-timestamp": now,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }
        if self._authorization:
            headers["Authorization"] = self._authorization
        request = urllib.request.Request(self._address, body, headers)  # noqa: S310 - http and https only
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                problem = f"{self._name} answered {answer.code} {answer.reason}"
                if answer.code not in AGAIN:
                    raise StreamError(f"{problem}: it will not take this later either") from None
                return problem, _retry_after(answer.headers.get("Retry-After"))
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise StreamError(
                    f"{self._name} has a certificate that cannot be trusted ({error.reason.verify_message}): "
                    "name the authority's file in SSL_CERT_FILE"
                ) from None
            return f"{self._name} cannot be reached ({error.reason})", None
        except (OSError, HTTPException) as error:
            return f"{self._name} did not answer ({error or type(error).__name__})", None
        return "", None


def _key(secret: str) -> bytes:
    """Secrets of Standard Webhooks are base64 after whsec_; any other is its bytes."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise StreamError("AUDITLOG_STREAM_SECRET begins with whsec_, but no base64 follows") from None
    return secret.encode()


def _retry_after(header: str | None) -> float | None:
    """Seconds, from a number or a date."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
