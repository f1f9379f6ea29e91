"""Proofs on the pages: of an event, and of growth; each checked by the file that auditors take along."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from tests.conftest import Browser
from tests.evidence.conftest import Evidence
from tests.evidence.conftest import evidence as evidence
from tests.evidence.test_proofs import Program, by_another_program, by_this_file
from tests.web.reading import REPORT, detail, text_of

Visitor = Callable[..., Browser]
CHECKPOINTS = f"{REPORT}/checkpoints"


def proof_of(event_id: int) -> str:
    return f"{REPORT}/events/{event_id}/proof"


@pytest.mark.parametrize("program", [by_this_file, by_another_program])
def test_what_a_page_gives_is_proven_elsewhere(
    evidence: Evidence, visitor: Visitor, program: Program, tmp_path: Path
) -> None:
    evidence.write(2)
    event_id = evidence.db.last()["event_id"]
    browser = visitor("auditor")
    assert f'href="{proof_of(event_id)}"' in browser.get(f"{REPORT}/events/{event_id}")
    assert "Nothing is sealed yet" in text_of(browser.get(proof_of(event_id)))
    assert "Nothing is sealed yet" in text_of(browser.get(CHECKPOINTS))
    browser.get(f"{proof_of(event_id)}.ndjson", status=404)
    evidence.seal()
    evidence.write(3)
    late = evidence.db.last()["event_id"]
    assert "Not yet sealed. The last seal, checkpoint 0 of" in text_of(browser.get(proof_of(late)))
    evidence.seal()
    html = browser.get(proof_of(event_id))
    words = text_of(html)
    assert "Checkpoint 0 of" in words
    assert f"auditlog verify proof-{event_id}.ndjson --key seal.key.pub" in words
    assert f"signed by {evidence.key.name}+{evidence.key.id.hex()}" in words
    words = text_of(browser.get(f"{CHECKPOINTS}?older=0"))
    assert "From checkpoint 0 to checkpoint 1" in words
    for address in (f"{proof_of(event_id)}.ndjson", f"{CHECKPOINTS}/0/1"):
        answer = browser.client.get(address)
        assert answer.mimetype == "application/x-ndjson"
        file = tmp_path / answer.headers["Content-Disposition"].partition('"')[2].rstrip('"')
        file.write_bytes(answer.data)
        assert answer.text.splitlines()[-1] in unescape(html + browser.get(f"{CHECKPOINTS}?older=0&newer=1"))
        done = program(evidence.key, file)
        assert (done.returncode, done.stdout.partition(" ")[0]) == (0, "proven:"), done.stdout + done.stderr
    views = [event["context"] for event in evidence.db.events("action = 'view'")]
    pages = [view.get("view", view).get("page") for view in views]
    assert {"proof", "proof_file", "checkpoints", "growth"} <= set(pages)
    assert "took along the proof of event" in detail(
        browser, evidence.db.events("action = 'view'")[pages.index("proof_file")]["event_id"]
    )


def test_nobody_gets_the_proof_of_an_event_that_they_may_not_see(evidence: Evidence, visitor: Visitor) -> None:
    evidence.write()
    event_id = evidence.db.last()["event_id"]
    evidence.seal()
    evidence.db.run("update users set categories = '{groups}' where id = 2")
    browser = visitor("auditor")
    for address in (proof_of(event_id), f"{proof_of(event_id)}.ndjson", proof_of(2**63)):
        browser.get(address, status=404)


def test_what_cannot_be_proven_is_said(evidence: Evidence, visitor: Visitor) -> None:
    for _ in range(2):
        evidence.write()
        evidence.seal()
    browser = visitor("auditor")
    assert "Checkpoint 1 is not older than checkpoint 0: turn them round." in text_of(
        browser.get(f"{CHECKPOINTS}?older=1&newer=0")
    )
    assert "There is no checkpoint 7: the last is 1." in text_of(browser.get(f"{CHECKPOINTS}?older=7"))
    browser.get(f"{CHECKPOINTS}?older=first", status=400)
    assert "No older ones" in text_of(browser.get(f"{CHECKPOINTS}?before=0"))
    for address in ("1/0", "0/7", f"0/{2**63}"):
        browser.get(f"{CHECKPOINTS}/{address}", status=404)
