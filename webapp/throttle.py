"""Guessing is slowed down, whichever web process it reaches: failed sign-ins are counted in the database.

Five attempts on one account from one address are free; then each takes twice as long as the one before, up to five
minutes. An address has fifty for all accounts together. An account that is tried from many addresses makes each new
address wait up to half a minute, but not those from which its person has signed in: nobody is locked out by others.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from typing import Literal

from . import keys
from .db import Connection

Step = Literal["password", "code"]


@dataclass(frozen=True)
class Verdict:
    """Whether an attempt may be looked at."""

    wait: int  # seconds; 0 when it may
    announce: bool  # the first refusal for a while: worth an event
    unannounced: int  # refusals since that no event has told of


@dataclass(frozen=True)
class Attempts:
    """Attempts on one account from one address. `account` is what was typed; only its keyed hash is stored."""

    secret_key: str
    step: Step
    account: str
    address: str | None

    def allow(self, connection: Connection) -> Verdict:
        """Count one, as failed until it succeeds. To be committed before the password is looked at."""
        statement = "select wait_seconds, announce, unannounced from audit.allow_attempt(%s, %s, %s)"
        row = connection.execute(statement, self._key).fetchone()
        assert row is not None
        return Verdict(*row)

    def succeeded(self, connection: Connection) -> None:
        connection.execute("select audit.attempt_succeeded(%s, %s, %s)", self._key)

    @property
    def _key(self) -> tuple[str, str | None, bytes]:
        account = self.account.strip().lower().encode("utf-8", "surrogatepass")
        hashed = hmac.digest(keys.derived(self.secret_key, "throttle"), account, "sha256")
        return self.step, _address(self.address), hashed


def _address(given: str | None) -> str | None:
    """A client over a local socket has none."""
    try:
        return str(ipaddress.ip_address(given or ""))
    except ValueError:
        return None
