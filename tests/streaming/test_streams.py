"""auditlog stream: settled events in order, to a pipe, a file, or an address."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.clients.places import AUDITLOG
from tests.conftest import Browser
from tests.evidence.conftest import Evidence
from tests.streaming.conftest import SECRET, Start
from tests.test_cli import error, invoke
from tests.web.reading import REPORT, text_of
from webapp.streaming import posting
from webapp.streaming.cursors import StreamError, alone
from webapp.streaming.posting import WebTarget

STOP = threading.Event()


@pytest.fixture
def told(evidence: Evidence, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    """A sealed log, and the settings of whoever streams it."""
    evidence.write(3)
    evidence.seal()
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", evidence.db.url_of("streamer"))
    monkeypatch.setenv("AUDITLOG_STREAM_SECRET", SECRET)
    return evidence


def listed() -> list[dict[str, object]]:
    return json.loads(invoke("stream", "--list", "--json").stdout)


def test_events_come_in_the_order_of_their_seals_each_once_and_as_an_export_has_them(
    told: Evidence, tmp_path: Path
) -> None:
    file = tmp_path / "events.ndjson"
    assert invoke("stream", "archive", "--to", str(file), "--batch", "2").exit_code == 0
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert [event["event_id"] for event in events] == told.sealed()
    assert events[-1]["after"]["first_name"] == "No. 3"
    assert list(events[0])[:4] == ["event_id", "occurred_at", "category", "action"]
    told.write()
    assert invoke("stream", "archive", "--to", str(file)).exit_code == 0  # not sealed yet
    with file.open("a") as torn:
        torn.write('{"event_id": 1, "half a li')  # a consumer was killed while it wrote
    told.seal()
    assert invoke("stream", "archive", "--to", f"file:{file}").exit_code == 0
    assert [json.loads(line)["event_id"] for line in file.read_text().splitlines()] == told.sealed()
    assert invoke("stream", "new", "--from", "now").stdout == ""
    told.write(2)
    told.seal()
    assert len(invoke("stream", "new", "--from", "beginning").stdout.splitlines()) == 2


def test_how_far_streams_are_behind_is_shown(
    told: Evidence, tmp_path: Path, visitor: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "There is no stream yet" in invoke("stream", "--list").stdout
    invoke("stream", "siem")
    assert "siem: up to date; last confirmed" in invoke("stream", "--list").stdout
    told.write(2)
    told.seal()
    (found,) = listed()
    behind = found["behind"]
    assert (behind, found["problem"]) == (5, None), "two contacts, and three people who may sign in"
    gone = tmp_path / "no" / "file"
    assert "cannot be written (No such file" in error(invoke("stream", "siem", "--to", str(gone)))
    said = invoke("stream", "--list").stdout
    assert f"siem: {behind} events behind, the first of 20" in said
    assert f'problem: "{gone}" cannot be written' in said
    for who, shown in (("admin", f'Problem "{gone}" cannot be written'), ("auditor", "Problem Its receiver does not")):
        words = text_of(visitor(who).get(f"{REPORT}/health"))
        assert f"{behind} events behind, the first of " in words.partition("Stream siem")[2]
        assert shown in words
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", told.db.url_of("reader"))
    assert said.strip() in invoke("status").stdout
    metrics = invoke("status", "--metrics").stdout
    assert f'auditlog_stream_behind_events{{stream="siem"}} {behind}\n' in metrics
    assert 'auditlog_stream_well{stream="siem"} 0\n' in metrics
    assert float(metrics.partition('auditlog_stream_lag_seconds{stream="siem"} ')[2].split()[0]) > 0
    assert json.loads(invoke("status", "--json").stdout)["streams"][0]["behind"] == behind
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", told.db.url_of("streamer"))
    assert "is forgotten" in invoke("stream", "siem", "--drop").stdout
    assert 'there is no stream "siem"' in error(invoke("stream", "siem", "--drop"))


def test_what_cannot_be_streamed_is_refused_with_its_cure(told: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    assert '"Big Name" is no name of a stream' in error(invoke("stream", "Big Name"))
    assert "by https:// only" in error(invoke("stream", "s", "--to", "http://siem.example.org/"))
    assert "must be https://host/path" in error(invoke("stream", "s", "--to", "https://me:secret@siem.example.org/"))
    assert '"ftp" is no place' in error(invoke("stream", "s", "--to", "ftp://siem.example.org/"))
    assert invoke("stream").exit_code == 2
    with pytest.raises(StreamError, match="no base64 follows"):
        WebTarget("https://siem.example.org/", "whsec_%")
    for weak in ("letmein", "x" * 64):
        monkeypatch.setenv("AUDITLOG_STREAM_SECRET", weak)
        said = error(invoke("stream", "s", "--to", "https://siem.example.org/"))
        assert said.startswith("AUDITLOG_STREAM_SECRET is too weak: at least 24 characters")
        assert weak not in said
    monkeypatch.delenv("AUDITLOG_STREAM_SECRET")
    assert "AUDITLOG_STREAM_SECRET is not set" in error(invoke("stream", "s", "--to", "https://siem.example.org/"))
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", told.db.url_of("stranger"))
    assert "needs the roles audit_reader and audit_streamer" in error(invoke("stream", "s"))


def test_a_second_consumer_of_a_name_stands_back(told: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.streaming.cursors.LOCK_WAIT", "50ms")
    with alone(told.db.connect("streamer"), "siem"):
        assert 'another consumer of the stream "siem" is at work' in error(invoke("stream", "siem"))
        assert invoke("stream", "other").exit_code == 0


def test_a_receiver_that_fails_gets_everything_in_order_and_knows_who_sent_it(
    told: Evidence, receiver: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_STREAM_AUTHORIZATION", "Bearer abc")
    there = receiver(4)
    told.write(30)
    told.seal()
    command = [AUDITLOG, "stream", "siem", "--to", there.address, "--batch", "20", "--every", "0.1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as consumer:
        while listed() == [] or listed()[0]["behind"]:
            assert consumer.poll() is None
        consumer.send_signal(signal.SIGTERM)
        _, said = consumer.communicate(timeout=30)
    assert consumer.returncode == 0
    assert "Tried again soon: " in said
    assert "answered 503 Service Unavailable" in said
    assert list(dict.fromkeys(there.events)) == told.sealed()
    assert {batch["authorization"] for batch in there.batches} == {"Bearer abc"}


def test_a_refusal_ends_it_and_no_redirect_is_followed(told: Evidence, receiver: Start) -> None:
    there = receiver()
    for path, said in (("gone", "410 Gone"), ("moved", "302 Found")):
        assert f"answered {said}: it will not take this later either" in error(
            invoke("stream", "siem", "--to", there.address.replace("take", path))
        )
    with pytest.raises(StreamError, match="answered 401"):
        WebTarget(there.address, "another secret").send("x", ["{}"], STOP)
    assert there.batches == []
    (found,) = listed()
    assert "302" in str(found["problem"])
    assert invoke("stream", "siem", "--to", there.address).exit_code == 0
    assert listed()[0]["problem"] is None


def test_retry_after_is_honoured_and_patience_has_an_end() -> None:
    later = datetime.now(UTC) + timedelta(seconds=90)
    assert posting._retry_after("7") == 7  # pyright: ignore[reportPrivateUsage]
    assert 85 < (posting._retry_after(f"{later:%a, %d %b %Y %H:%M:%S GMT}") or 0) <= 90  # pyright: ignore[reportPrivateUsage]
    assert posting._retry_after("soon") is None  # pyright: ignore[reportPrivateUsage]
    troubles: list[str] = []
    nobody = WebTarget("http://127.0.0.1:9/take", SECRET, on_trouble=troubles.append, shortest=0.001, patience=0.2)
    with pytest.raises(StreamError, match="cannot be reached"):
        nobody.send("x", ["{}"], STOP)
    assert len(troubles) > 1


def test_a_certificate_must_be_trusted(receiver: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "receiver")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    there = receiver(0, str(certificate), str(private))
    address = f"https://localhost:{there.port}/take"
    with pytest.raises(StreamError, match="a certificate that cannot be trusted"):
        WebTarget(address, SECRET).send("x", ['{"event_id": 1}'], STOP)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert WebTarget(address, SECRET).send("x", ['{"event_id": 1}'], STOP)
    assert there.events == [1]


#: What OCSF 1.8 requires of every event of the classes that are used here.
REQUIRED = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
OF_CLASS = {3001: {"user"}, 3002: {"user", "service"}, 3004: {"entity"}}


def test_events_are_written_in_the_fields_of_known_schemas(told: Evidence) -> None:
    db = told.db
    db.run("insert into users (name, email, role, password_hash) values ('Mei', 'mei@example.org', 'auditor', 'x')")
    db.run(
        "select audit.record_access(a, 'user', '1', 'Mei') from unnest('{sign_in,sign_in_failed,sign_out}'::text[]) a"
    )
    db.run("select audit.record_access('denied', 'report')")
    db.run("update contacts set first_name = 'Bo'; delete from contacts")
    told.seal()
    ours = [json.loads(line) for line in invoke("stream", "a").stdout.splitlines()]
    ocsf = [json.loads(line) for line in invoke("stream", "b", "--format", "ocsf").stdout.splitlines()]
    ecs = [json.loads(line) for line in invoke("stream", "c", "--format", "ecs").stdout.splitlines()]
    assert [event["event_id"] for event in ours] == told.sealed()
    for event, mapped, elastic in zip(ours, ocsf, ecs, strict=True):
        assert mapped.keys() >= REQUIRED | OF_CLASS[mapped["class_uid"]]
        assert mapped["type_uid"] == mapped["class_uid"] * 100 + mapped["activity_id"]
        assert (mapped["metadata"]["version"], mapped["metadata"]["product"]["name"]) == ("1.8.0", "Audit Log Report")
        assert mapped["metadata"]["original_event_uid"] == elastic["event"]["id"] == str(event["event_id"])
        assert mapped["unmapped"].get("after") == event["after"] == elastic["auditlog"].get("after")
        assert elastic["@timestamp"] == event["occurred_at"]
    kinds = {(event["action"], event["entity"]): mapped["type_uid"] for event, mapped in zip(ours, ocsf, strict=True)}
    assert kinds[("insert", "contact")] == 300401
    assert kinds[("update", "contact")] == 300403
    assert kinds[("delete", "contact")] == 300404
    assert kinds[("insert", "user")] == 300101
    assert kinds[("sign_in", "user")] == kinds[("sign_in_failed", "user")] == 300201
    assert kinds[("sign_out", "user")] == 300202
    assert kinds[("denied", "report")] == 300402
    assert {e["action"]: m["status_id"] for e, m in zip(ours, ocsf, strict=True)}["sign_in_failed"] == 2
    assert {e["event"]["action"]: e["event"]["outcome"] for e in ecs}["denied"] == "failure"
