"""auditlog keys, seal, prove and verify, as they are typed."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.places import AUDITLOG
from tests.conftest import Database
from tests.test_cli import error, invoke
from webapp.evidence.proof import PublicKey, read_checkpoints


@pytest.fixture
def key_file(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealer's surroundings, made with the commands themselves."""
    path = tmp_path / "seal.key"
    made = invoke("keys", "new", "--file", str(path))
    assert made.exit_code == 0
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url_of("sealer"))
    monkeypatch.setenv("AUDITLOG_SEAL_KEY_FILE", str(path))
    monkeypatch.setenv("AUDITLOG_ANCHORS", f"file:{tmp_path / 'checkpoints'}")
    assert str(PublicKey.parse(invoke("keys", "show").stdout)) in made.stdout
    return path


def test_a_log_is_sealed_proven_and_verified_from_the_command_line(
    db: Database, key_file: Path, tmp_path: Path
) -> None:
    db.run("insert into contacts (first_name) values ('Ada')")
    newest = db.value("select max(event_id) from audit.log")
    assert "nothing was sealed yet" in error(invoke("prove", str(newest)))
    first = invoke("verify")
    assert first.exit_code == 4
    assert "late: nothing was ever sealed: run auditlog seal" in first.output
    assert "events sealed: checkpoint 0 of " in invoke("seal").stderr
    assert invoke("seal").stderr == "Nothing new since the last checkpoint.\n"
    done = invoke("verify")
    assert done.exit_code == 0, done.output
    assert done.output.startswith(
        f"proven: {newest} events, by 1 checkpoint, 1 of them in anchored copies; the last is checkpoint 0"
    )
    proof = tmp_path / "proof.ndjson"
    proof.write_text(invoke("prove", str(newest)).stdout)
    offline = invoke("verify", str(proof), "--checkpoints", str(tmp_path / "checkpoints"))
    assert (offline.exit_code, offline.output.startswith(f"{proof}: proven: 1 event, by")) == (0, True)
    terminal, theirs = pty.openpty()
    with os.fdopen(terminal, "rb", buffering=0) as terminal_output:
        subprocess.run([AUDITLOG, "verify", str(proof)], stderr=theirs, stdout=subprocess.DEVNULL, check=True)
        assert b"Verifying" in terminal_output.read(10_000), "progress is shown"
    os.close(theirs)
    proof.write_text(proof.read_text().replace("Ada", "Eve"))
    offline = invoke("verify", str(proof), "--json")
    assert (offline.exit_code, json.loads(offline.output)["verdict"]) == (3, "altered")
    db.run("alter table audit.leaves disable trigger user; delete from audit.leaves where leaf_index = 1")
    done = invoke("verify", "--json")
    assert (done.exit_code, json.loads(done.output)["verdict"]) == (3, "broken")
    assert "is not sealed by" not in done.output


def test_an_export_without_proofs_is_checked_by_its_manifest(db: Database, key_file: Path, tmp_path: Path) -> None:
    db.run("insert into contacts (first_name) values ('Ada')")
    invoke("seal")
    file = tmp_path / "contacts.csv"
    manifest = file.with_name("contacts.csv.manifest.json")
    assert invoke("export", "-o", str(file), env={"AUDITLOG_DATABASE_URL": db.url_of("reader")}).exit_code == 0
    assert "contacts.csv: this file carries no proofs" in error(invoke("verify", str(file)))
    copy = tmp_path / "checkpoints"
    done = invoke("verify", str(manifest), "--checkpoints", str(copy))
    assert done.exit_code == 0, done.output
    unchanged, proven, note = done.output.splitlines()
    assert unchanged.startswith(
        f"{manifest}: unchanged: contacts.csv has the {file.stat().st_size:,} bytes and the SHA"
    )
    assert "proven: when it left, the log was sealed by checkpoint 0 of " in proven
    assert "note: a manifest is not signed. Once sealed, the event that ended export " in note
    assert note.endswith(" proves the SHA-256")
    copy.write_text(copy.read_text().replace("horizon ", "horizon 9"))
    done = invoke("verify", str(manifest), "--checkpoints", str(copy))
    assert (done.exit_code, "rewritten checkpoint: " in done.output) == (3, True)
    stranger = invoke("keys", "new", "--file", str(tmp_path / "stranger")).stdout.split()[-1]
    assert invoke("verify", str(manifest), "--key", stranger).exit_code == 3
    file.write_bytes(file.read_bytes().replace(b"Ada", b"Eve"))
    done = invoke("verify", str(manifest), "--json")
    assert (done.exit_code, json.loads(done.output)["verdict"]) == (3, "altered")
    file.unlink()
    assert 'contacts.csv" cannot be read (No such file' in error(invoke("verify", str(manifest)))
    manifest.write_text("{}")
    assert "not the manifest of an export" in error(invoke("verify", str(manifest)))


def test_a_key_is_rotated_from_the_command_line(db: Database, key_file: Path) -> None:
    old = invoke("keys", "show").stdout
    invoke("seal")
    proof = key_file.parent / "proof.ndjson"
    proof.write_text(invoke("prove", str(db.value("select max(event_id) from audit.leaves"))).stdout)
    assert "From now on this key signs:" in invoke("keys", "rotate").stdout
    assert invoke("keys", "show").stdout != old
    done = invoke("verify", str(proof), "--key", f"{key_file}.pub")
    assert (done.exit_code, "rotated since, check with the public key of then" in done.output) == (3, True)
    (then,) = key_file.parent.glob(f"{key_file.name}.retired-*.pub")
    assert invoke("verify", str(proof), "--key", str(then)).exit_code == 0
    db.run("insert into contacts (first_name) values ('Ada')")
    assert "1 event sealed" in invoke("seal").stderr
    for key in ([], ["--key", old.strip()]):
        assert invoke("verify", *key).exit_code == 0
    assert len(read_checkpoints((key_file.parent / "checkpoints").read_text())) == 3
    assert invoke("prove", "--since", "0", "--until", "2").exit_code == 0
    assert "is not older" in error(invoke("prove", "--since", "2", "--until", "0"))
    assert "there is no checkpoint 7: the last is 2" in error(invoke("prove", "--since", "7"))
    assert "there is no event 4711" in error(invoke("prove", "4711"))
    assert invoke("prove").exit_code == 2


def test_what_is_wrong_with_the_surroundings_is_said_with_its_cure(
    db: Database, key_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert 'the public key "none" cannot be used' in error(invoke("verify", "--key", "none"))
    assert "it is the private key: give the public half" in error(invoke("verify", "--key", str(key_file)))
    assert "cannot be read" in error(invoke("verify", "--checkpoints", str(tmp_path / "none")))
    monkeypatch.setenv("AUDITLOG_ANCHORS", f"file:{tmp_path}")
    folder = invoke("seal")
    assert f"is a folder: name a file in it, file:{tmp_path}/checkpoints" in folder.output
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url_of("stranger"))
    assert "needs the role audit_sealer, which the login of the web application must not have" in error(invoke("seal"))
    monkeypatch.delenv("AUDITLOG_SEAL_KEY_FILE")
    assert "AUDITLOG_SEAL_KEY_FILE is not set" in error(invoke("seal"))
    assert "name the public key with --key" in error(invoke("verify"))
    assert "name the key's file with --file" in error(invoke("keys", "show"))


def test_a_sealer_goes_on_until_it_is_ended(db: Database, key_file: Path) -> None:
    command = [sys.executable, "-c", "from webapp.cli import main; main()", "seal", "--every", "1"]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE, text=True) as sealer:
        assert sealer.stderr
        assert "sealed: checkpoint 0 of " in sealer.stderr.readline()
        db.run("insert into contacts (first_name) values ('Ada')")
        assert any("1 event sealed: checkpoint 1 of " in line for line in sealer.stderr)
        sealer.send_signal(signal.SIGTERM)
        assert sealer.wait(30) == 0
