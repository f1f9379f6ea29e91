"""NDJSON that leaves with proofs is checked offline, with the public key alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Browser
from tests.evidence.conftest import Evidence
from tests.evidence.test_proofs import Program, by_another_program, by_this_file, checked, prove
from tests.evidence.test_proofs import proven as proven
from tests.test_cli import error, invoke
from tests.web.reading import REPORT, address, download
from webapp.evidence.proof import Broken, check_file

Visitor = Callable[..., Browser]


@pytest.mark.parametrize("program", [by_this_file, by_another_program])
def test_an_export_is_proven_elsewhere(
    proven: Evidence, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", proven.db.url_of("reader"))
    file = tmp_path / "log.ndjson"
    assert "proofs travel in NDJSON" in invoke("export", "--with-proof", "-o", str(tmp_path / "log.csv")).stderr
    done = invoke("export", "--with-proof", "--columns", "action,after", "-o", str(file))
    assert done.exit_code == 0, done.output
    told = program(proven.key, file)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith(f"proven: {len(proven.sealed()) - 1} events, by checkpoint 1")  # a move is one line
    sealed = file.read_text()
    for changed in (sealed.replace("\\\\, (x)", "\\\\, (y)"), sealed.replace("\n", "\n\n{", 1), sealed[:-200]):
        file.write_text(changed)
        assert program(proven.key, file).returncode != 0
    manifest = json.loads((tmp_path / "log.ndjson.manifest.json").read_text())
    assert manifest["checkpoint"] == json.loads(sealed.splitlines()[-1])["evidence"]["checkpoint"]
    plain = tmp_path / "plain.ndjson"
    assert invoke("export", "-o", str(plain)).exit_code == 0
    assert "seal" not in json.loads(plain.read_text().splitlines()[0])


def test_a_page_gives_proofs_of_what_its_reader_may_see(evidence: Evidence, visitor: Visitor) -> None:
    browser = visitor("auditor")
    evidence.write(8)
    evidence.db.run("insert into groups (name) values ('Board')")
    evidence.seal()
    evidence.write(3)
    evidence.db.run("update users set categories = '{contacts}' where id = 2")
    lines = download(browser, address(), format="ndjson-with-proof").decode().splitlines()
    events = [json.loads(line) for line in lines[:-1]]
    assert {event["category"] for event in events} == {"contacts"}
    assert [event["seal"] is None for event in events] == [True] * 3 + [False] * 8
    assert checked(evidence, lines).startswith("proven: 8 events, by checkpoint 0 of ")
    with pytest.raises(Broken):
        check_file([*lines[:5], *lines[6:]], evidence.key)
    assert evidence.db.events("action = 'export'")[0]["context"]["export"]["with_proof"] is True
    assert "broke off" not in browser.get(f"{REPORT}/exports")


def test_an_export_with_proofs_waits_for_the_first_seal(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", evidence.db.url_of("reader"))
    evidence.write(700)
    file = tmp_path / "log.ndjson"
    assert "Nothing can be proven before auditlog seal has run" in error(
        invoke("export", "--with-proof", "-o", str(file))
    )
    assert list(tmp_path.glob("log*")) == []
    evidence.seal()
    few = evidence.sealed()[::50]
    assert checked(evidence, prove(evidence, *few)).startswith(f"proven: {len(few)} events, by checkpoint 0 of ")
