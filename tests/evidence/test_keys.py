"""The signing key is kept from others, and can be replaced without breaking the chain."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.conftest import Evidence
from webapp.evidence import keys
from webapp.evidence.keys import KeyFileError
from webapp.evidence.proof import PublicKey


def refused(path: Path, message: str, passphrase: str = "") -> None:
    with pytest.raises(KeyFileError) as caught:
        keys.load(path, passphrase)
    assert message in str(caught.value)


def test_a_key_is_kept_from_others_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "new" / "seal.key"
    key = keys.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load(path).public == key.public == PublicKey.parse(keys.public_file(path).read_text())
    with pytest.raises(KeyFileError, match=r"there is a key .* already: choose another file"):
        keys.create(path)
    path.chmod(0o640)
    refused(path, f'others can use the key in "{path}", and seal what they like: chmod 600 {path}')
    refused(tmp_path / "none", "make one with `auditlog keys new --file ")
    refused(tmp_path, "cannot be read (Is a directory)")
    with pytest.raises(KeyFileError, match="the key cannot be written to"):
        keys.create(path / "below")
    (tmp_path / "half.key.pub").mkdir()
    with pytest.raises(KeyFileError, match="the key cannot be written to"):
        keys.create(tmp_path / "half.key")
    assert not (tmp_path / "half.key").exists(), "the next attempt is not refused for it"


def test_a_passphrase_keeps_a_key_encrypted(tmp_path: Path) -> None:
    path, plain, other = (tmp_path / name for name in ("seal.key", "plain.key", "other.key"))
    key = keys.create(path, "open, said Ali, sesame")
    assert b"ENCRYPTED" in path.read_bytes()
    assert keys.load(path, "open, said Ali, sesame").public == key.public
    refused(path, "has a passphrase: name its passphrase in AUDITLOG_SEAL_KEY_PASSPHRASE")
    refused(path, "the passphrase in AUDITLOG_SEAL_KEY_PASSPHRASE is wrong", "wrong")
    keys.create(plain)
    refused(plain, "has no passphrase: unset AUDITLOG_SEAL_KEY_PASSPHRASE", "open, said Ali, sesame")
    for weak in ("short", "passwordpassword", "abababababab"):
        with pytest.raises(KeyFileError, match=r"AUDITLOG_SEAL_KEY_PASSPHRASE is too weak: th(e|is) passphrase"):
            keys.create(other, weak)
    assert not other.exists()
    other.write_text("no key")
    other.chmod(0o600)
    refused(other, "it is no private key")


def test_a_public_key_that_was_mistyped_is_refused(tmp_path: Path) -> None:
    text = str(keys.create(tmp_path / "seal.key").public)
    assert str(PublicKey.parse(f" {text}\n")) == text
    changed = ("", "auditlog", text[:-4], text.replace("auditlog+", "other+"), text.replace("+A", "+B"), text + "=x")
    for wrong in changed:
        with pytest.raises(ValueError, match="public key"):
            PublicKey.parse(wrong)


def test_a_key_that_is_rotated_is_named_by_the_one_before(evidence: Evidence) -> None:
    path, first = evidence.sealer.key_file, evidence.key
    evidence.write()
    evidence.seal()
    following = keys.create(keys.next_file(path))
    named = evidence.seal(next_key=following)
    assert named
    assert named.next_key == following.public
    evidence.write()
    evidence.seal()  # finishes what was interrupted: the next key takes its place
    assert evidence.key == following.public != first
    assert evidence.verify().broken == []  # with the new key: what is older is proven by the chain
    for key in (first, following.public):
        found = evidence.verify(key=key)
        assert (found.exit_code, found.broken) == (0, [])
    stranger = keys.create(path.with_name("stranger"))
    assert evidence.verify(key=stranger.public).exit_code == 3


def test_another_key_does_not_seal_this_log(evidence: Evidence, tmp_path: Path) -> None:
    evidence.seal()
    keys.create(tmp_path / "other.key")
    with pytest.raises(KeyFileError, match="is not the one that signs this log: name the file with"):
        evidence.elsewhere(tmp_path / "other.key").seal()
