"""The key that signs checkpoints: a file that the database never sees."""

from __future__ import annotations

import base64
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from .. import passwords
from ..errors import AuditLogError
from .proof import Checkpoint, PublicKey

NAME = "auditlog"
SETTING = "AUDITLOG_SEAL_KEY_FILE"
PASSPHRASE = "AUDITLOG_SEAL_KEY_PASSPHRASE"  # noqa: S105 - the name of a setting


class KeyFileError(AuditLogError):
    """The signing key cannot be made or used."""


@dataclass(frozen=True)
class SigningKey:
    """The private key; what is signed with it can be checked with `public`."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        return PublicKey(NAME, self.private.public_key().public_bytes_raw())

    def signature(self, text: str) -> str:
        """A signature as a line of a signed note."""
        signed = self.public.id + self.private.sign(text.encode())
        return f"— {NAME} {base64.b64encode(signed).decode()}\n"


def create(path: Path, passphrase: str = "") -> SigningKey:
    """Make a key and keep it in a file that only its owner reads; its public half goes beside it, as FILE.pub."""
    if passphrase:
        try:
            passwords.check(passphrase)
        except passwords.PasswordError as error:
            said = str(error).replace("password", "passphrase")
            raise KeyFileError(f"{PASSPHRASE} is too weak: {said}") from None
    key = SigningKey(Ed25519PrivateKey.generate())
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    pem = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    if path.exists():
        raise KeyFileError(
            f'there is a key in "{path}" already: choose another file, or replace it with `auditlog keys rotate`'
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            try:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
                public_file(path).write_text(f"{key.public}\n", encoding="utf-8")
            except OSError:  # half a key would be in the way of the next attempt
                path.unlink()
                raise
    except OSError as error:
        raise KeyFileError(f'the key cannot be written to "{path}" ({error.strerror})') from None
    return key


def public_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.pub")


def load(path: Path, passphrase: str = "") -> SigningKey:
    """Raise KeyFileError when the file is not there, others can read it, or the passphrase is wrong."""
    try:
        mode = path.stat().st_mode
        pem = path.read_bytes()
    except FileNotFoundError:
        raise KeyFileError(f'there is no key in "{path}": make one with `auditlog keys new --file {path}`') from None
    except OSError as error:
        raise KeyFileError(f'the key in "{path}" cannot be read ({error.strerror})') from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyFileError(f'others can use the key in "{path}", and seal what they like: chmod 600 {path}')
    try:
        private = load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except TypeError:
        cure = f"unset {PASSPHRASE}" if passphrase else f"name its passphrase in {PASSPHRASE}"
        raise KeyFileError(f'the key in "{path}" has {"no" if passphrase else "a"} passphrase: {cure}') from None
    except ValueError:
        wrong = f"the passphrase in {PASSPHRASE} is wrong, or it is damaged" if passphrase else "it is no private key"
        raise KeyFileError(f'the key in "{path}" cannot be used: {wrong}') from None
    if not isinstance(private, Ed25519PrivateKey):
        raise KeyFileError(f'the key in "{path}" is not an Ed25519 key: make one with `auditlog keys new`')
    return SigningKey(private)


def next_file(path: Path) -> Path:
    """Where the next key waits until the log has named it."""
    return path.with_name(f"{path.name}.next")


def put_in_place(path: Path, retired: SigningKey) -> None:
    """The end of a rotation: the next key takes the place of the old one, which is kept, with its public half."""
    kept = path.with_name(f"{path.name}.retired-{retired.public.id.hex()}")
    os.replace(path, kept)
    with suppress(FileNotFoundError):  # it may have been taken elsewhere
        os.replace(public_file(path), public_file(kept))
    os.replace(next_file(path), path)
    os.replace(public_file(next_file(path)), public_file(path))


def usable(path: Path, passphrase: str, last: Checkpoint | None) -> SigningKey:
    """The key that has to sign after `last`. Finishes a rotation that was interrupted."""
    key = load(path, passphrase)
    if last is None:
        return key
    expected = last.next_key
    if expected is None and key.public.has_signed(last.note):
        return key
    if expected == key.public:
        return key
    if expected and next_file(path).exists() and load(next_file(path), passphrase).public == expected:
        put_in_place(path, key)
        return load(path, passphrase)
    raise KeyFileError(
        f'the key in "{path}" is not the one that signs this log: name the file with '
        f"{expected or 'the key that signed the last checkpoint'} in {SETTING}"
    )
