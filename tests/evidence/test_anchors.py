"""Checkpoints leave the database at once, to several places, and again when a place was away."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.evidence.conftest import Evidence
from webapp.evidence import anchors
from webapp.evidence.anchors import AnchorError
from webapp.evidence.proof import read_checkpoints
from webapp.evidence.sealing import SealingError


class Receiver(HTTPServer):
    """Takes what is posted, or answers with an error."""

    answer = 204

    def __init__(self) -> None:
        self.bodies: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if server.answer < 300:
            server.bodies.append(body)
        self.send_response(server.answer)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with an upstream."""
    git(tmp_path, "init", "--quiet", "--bare", "-b", "main", "upstream")
    git(tmp_path, "clone", "--quiet", "upstream", "anchors")
    there = tmp_path / "anchors"
    git(there, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "--allow-empty", "-m", "Begin")
    git(there, "push", "--quiet", "-u", "origin", "main")
    return there


def test_every_place_gets_every_checkpoint_once(
    evidence: Evidence, receiver: Receiver, repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = f"http://user:secret@127.0.0.1:{receiver.server_port}/take?token=secret"
    evidence = evidence.with_anchors(f"file:{tmp_path / 'a'} git:{repository} {address} stdout")
    for _ in range(2):
        evidence.write()
        evidence.seal()
    evidence.seal()
    notes = [note for (note,) in evidence.db.run("select note from audit.checkpoints order by number")]
    assert receiver.bodies == notes
    whole = "".join(f"{note}\n" for note in notes)
    assert (tmp_path / "a").read_text() == (repository / "checkpoints").read_text() == capsys.readouterr().out == whole
    assert read_checkpoints(whole) == evidence.checkpoints()
    said = git(tmp_path / "upstream", "log", "--format=%s", "main").splitlines()
    assert [line.partition(" of ")[0] for line in said] == ["checkpoint 1", "checkpoint 0", "Begin"]
    assert "secret" not in str(evidence.db.run("select * from audit.anchors"))
    assert {row[0] for row in evidence.db.run("select delivered from audit.anchors")} == {1}


def test_a_place_that_was_away_is_told_of_and_gets_everything_later(
    evidence: Evidence, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.answer = 503
    gone = tmp_path / "gone" / "file"
    evidence = evidence.with_anchors(
        f"file:{gone} http://127.0.0.1:{receiver.server_port}/ git:{tmp_path} file:{tmp_path / 'ok'}"
    )
    evidence.write()
    _, failed = evidence.sealer.run_once()
    assert {name.partition(":")[0] for name in failed} == {"file", "http", "git"}
    assert len(read_checkpoints((tmp_path / "ok").read_text())) == 1
    problems = (
        "select target, problem_since is not null, problem from audit.anchors where problem is not null order by 1"
    )
    said = {target: problem for target, _, problem in evidence.db.run(problems)}
    cure = f"mount or make the folder {gone.parent}"
    assert said[f"file:{gone}"] == f"file:{gone} cannot be written (No such file or directory): {cure}"
    assert said[f"http://127.0.0.1:{receiver.server_port}/"].endswith(
        "did not take it (HTTP Error 503: Service Unavailable)"
    )
    gone.parent.mkdir()
    receiver.answer = 200
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    evidence.write()
    evidence.seal()
    assert len(receiver.bodies) == len(read_checkpoints(gone.read_text())) == 2
    assert evidence.db.run(problems) == []


def test_a_file_that_vanished_is_written_again(evidence: Evidence) -> None:
    evidence.seal()
    was = evidence.anchor.read_text()
    evidence.anchor.unlink()
    evidence.seal()
    assert evidence.anchor.read_text() == was


def test_nothing_is_built_on_a_database_that_is_behind_its_anchor(evidence: Evidence) -> None:
    evidence.seal()
    evidence.write()
    evidence.seal()
    evidence.db.run(
        "alter table audit.checkpoints disable trigger user; delete from audit.checkpoints where number = 1"
    )
    with pytest.raises(
        SealingError, match=r"holds checkpoint 1 of .*, which this database does not have: it was rewritten"
    ):
        evidence.seal()
    evidence.elsewhere(None).seal(next_key=None)
    evidence.write()
    evidence.elsewhere(None).seal()
    with pytest.raises(SealingError, match="which this database has otherwise"):
        evidence.seal()


def test_places_that_cannot_be_understood_are_refused() -> None:
    for wrong in ("ftp://x/y", "file:", "somewhere", "https://", "git:", "s3:/x"):
        with pytest.raises(AnchorError, match="is no place for checkpoints: name file:/path/to/file, git:"):
            anchors.parse(f"stdout {wrong}")
    assert anchors.parse("  ") == []
