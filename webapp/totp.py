"""The second step of signing in: codes from an authenticator app (RFC 6238), and recovery codes.

Secrets are encrypted with a key made from AUDITLOG_SECRET_KEY before they go into the database.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken
from pyotp.totp import TOTP

from . import keys, tokens
from .db import Connection

ISSUER = "Audit Log Report"
SETUP_SECONDS = 3600  # that a page with a QR code is good for
RECOVERY_CODES = 10
#: A clock may be half a minute off, either way.
NEIGHBOURS = (0, -1, 1)

Method = Literal["totp", "recovery code"]
Failure = Literal["wrong_code", "used_code"]


@dataclass(frozen=True)
class Enrolment:
    """What a person has set up."""

    secret: str | None  # None: encrypted with another key
    since: datetime
    recovery_codes: int


@dataclass(frozen=True)
class Totp:
    """The second step of one person."""

    secret_key: str
    user_id: str

    def enrolment(self, connection: Connection) -> Enrolment | None:
        statement = "select secret, since, recovery_codes from audit.totp_of(%s)"
        row = connection.execute(statement, (self.user_id,)).fetchone()
        if row is None or row[0] is None:
            return None
        return Enrolment(self._decrypted(bytes(row[0])), row[1], row[2])

    # -- setting up ------------------------------------------------------------------------------

    def propose(self) -> str:
        """A new secret, encrypted: what the page sends back with the first code."""
        return self._fernet.encrypt(f"{self.user_id} {pyotp.random_base32()}".encode()).decode()

    def proposed(self, sealed: str) -> str | None:
        """The secret that was proposed to this person lately."""
        return self._decrypted(sealed.encode("ascii", "replace"), SETUP_SECONDS)

    def start(self, connection: Connection, secret: str, code: str) -> list[str] | None:
        """Keep the secret if the code proves that the app has it; return recovery codes to show once."""
        count = _count(secret, code)
        if count is None:
            return None
        sealed = self._fernet.encrypt(f"{self.user_id} {secret}".encode())
        codes = [_new_code() for _ in range(RECOVERY_CODES)]
        hashes = [_hash(code) for code in codes]
        row = connection.execute("select audit.start_totp(%s, %s, %s, %s)", (self.user_id, sealed, count, hashes))
        return codes if (row.fetchone() or [False])[0] else None

    def renew_recovery_codes(self, connection: Connection) -> list[str]:
        """New codes to show once; the old ones are worth nothing from now on."""
        codes = [_new_code() for _ in range(RECOVERY_CODES)]
        hashes = [_hash(code) for code in codes]
        connection.execute("select audit.renew_recovery_codes(%s, %s)", (self.user_id, hashes))
        return codes

    def remove(self, connection: Connection) -> None:
        connection.execute("select audit.remove_totp(%s)", (self.user_id,))

    # -- signing in ------------------------------------------------------------------------------

    def use(self, connection: Connection, code: str) -> tuple[Method | None, Failure | None]:
        """With which method this code signs in, or why it does not. It is used up."""
        enrolment = self.enrolment(connection)
        if is_code(code):
            secret = enrolment.secret if enrolment else None
            count = _count(secret, code) if secret else None
            if count is None:
                return None, "wrong_code"
            fresh = connection.execute("select audit.use_totp(%s, %s)", (self.user_id, count)).fetchone()
            return ("totp", None) if fresh and fresh[0] else (None, "used_code")
        used = connection.execute("select audit.use_recovery_code(%s, %s)", (self.user_id, _hash(code))).fetchone()
        return ("recovery code", None) if used and used[0] else (None, "wrong_code")

    @property
    def _fernet(self) -> Fernet:
        return Fernet(urlsafe_b64encode(keys.derived(self.secret_key, "totp")))

    def _decrypted(self, sealed: bytes, seconds: int | None = None) -> str | None:
        """A secret that was encrypted for this person: one copied over from somebody else is nobody's."""
        try:
            user_id, _, secret = self._fernet.decrypt(sealed, ttl=seconds).decode().rpartition(" ")
        except InvalidToken:
            return None
        return secret if user_id == self.user_id else None


def uri(secret: str, login: str) -> str:
    """What the QR code says."""
    return TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def qr_code(secret: str, login: str) -> str:
    """An SVG element, without a style or a script in it."""
    return str(segno.make(uri(secret, login), error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff"))


def is_code(typed: str) -> bool:
    """Whether it looks like what an app shows."""
    return re.fullmatch(r"[0-9]{6}", plain(typed)) is not None


def plain(code: str) -> str:
    """A code as it is compared: people type it in groups, with hyphens, in capitals."""
    return re.sub(r"[\s-]", "", code).lower()


def _count(secret: str, code: str) -> int | None:
    """Which time step the code belongs to: now, or next to it."""
    totp = TOTP(secret)
    now = totp.timecode(datetime.now(UTC))
    typed = plain(code).encode("utf-8", "surrogatepass")
    right = [now + n for n in NEIGHBOURS if hmac.compare_digest(totp.generate_otp(now + n).encode(), typed)]
    return max(right, default=None)


def _new_code() -> str:
    """80 random bits, in letters and digits that are not mistaken for each other: abcd-efgh-jkmn-pqrs."""
    code = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(16))
    return "-".join(code[at : at + 4] for at in range(0, 16, 4))


def _hash(code: str) -> bytes:
    return tokens.hashed(plain(code))
