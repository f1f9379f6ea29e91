"""A person can be forgotten, and everything that was sealed is still proven."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.evidence.conftest import Evidence
from tests.test_cli import invoke
from webapp.evidence import proving
from webapp.evidence.proof import check_file, describe

NAME, COLOUR = "Wilhelmina Featherstonehaugh", "heliotrope"


@pytest.fixture
def known(evidence: Evidence) -> Evidence:
    """A contact with a history, somebody who looked for her, and others; all of it sealed."""
    db = evidence.db
    evidence.write(3)
    db.run("insert into contacts (id, first_name, last_name) values (42, 'Wilhelmina', 'Featherstonehaugh')")
    db.run("update contacts set notes = 'heliotrope' where id = 42")
    db.run("update contacts set id = 43 where id = 42")
    db.run("update contacts set id = 42 where id = 43")
    for details in (
        {"page": "audit_log", "filter": {"words": ["featherstone"]}},
        {"page": "audit_log", "filter": {"record": "42", "entity": "contact"}},
        {"page": "record", "entity": "contact", "record_id": "42"},
        {"page": "audit_log", "filter": {"record": "421"}},
    ):
        db.run("select audit.record_event('report', 'view', details => %s)", json.dumps(details))
    assert db.value("select audit.extend_search()") > 0
    evidence.seal()
    return evidence


def requested(evidence: Evidence, statement: str = "select audit.request_erasure('contact', '42', 'letter 17')") -> int:
    row = evidence.db.connect("admin").execute(statement.encode()).fetchone()
    assert row
    return row[0]


def approved(evidence: Evidence, request: int) -> dict[str, Any]:
    row = evidence.db.connect("postgres").execute("select audit.approve_erasure(%s)", (request,)).fetchone()
    assert row
    return row[0]


def places(evidence: Evidence, text: str) -> list[str]:
    """The tables of the log in which a text occurs."""
    names = [name for (name,) in evidence.db.run(
        "select c.oid::regclass::text from pg_class c where c.relnamespace = 'audit'::regnamespace and c.relkind = 'r'"
    )]  # fmt: skip
    return [
        name
        for name in names
        if evidence.db.value(f"select exists (select from {name} t where t::text ilike '%%{text}%%')")
    ]


def test_what_is_erased_is_nowhere_and_the_rest_is_proven(known: Evidence) -> None:
    db = known.db
    before = known.verify()
    assert (before.exit_code, places(known, "heliotrope"), places(known, "featherstone")) != (0, [], [])
    request = requested(known)
    known.seal()
    done = approved(known, request)
    assert done["kinds"] == {"own": 4, "filter": 3}
    for text in ("heliotrope", "featherstone", "wilhelmina"):
        assert places(known, text) == []
    assert known.verify().broken == []
    known.seal()
    found = known.verify()
    assert (found.exit_code, found.erased, found.broken) == (0, 7, [])
    told = list(describe(check_file(proving.prove_events(db.connect("sealer"), known.sealed()), known.key)))
    assert "erased: 7 events, whose payload is gone and whose header is proven" in told[1]
    assert f"by request {request} on " in told[1]
    export = invoke("export", "--with-proof", "--format", "ndjson", env={"AUDITLOG_DATABASE_URL": db.url_of("reader")})
    told = list(describe(check_file(export.stdout.splitlines(), known.key, known.checkpoints())))
    assert "erased: 7 events, whose payload is gone and whose header is proven" in told[1]
