"""Applications that may not read contacts export them by ticket, and what left is on record."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from tests.clients.conftest import LOGIN, Crm, node, python


def of_csv(file: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(file)))


def of_ndjson(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.splitlines()]


PROGRAMS: dict[str, tuple[Callable[[], list[str]], Callable[[str], list[dict[str, Any]]]]] = {
    "psycopg": (partial(python, "psycopg_export.py"), of_csv),
    "Node": (partial(node, "export.mjs"), of_ndjson),
}


@pytest.fixture
def closed(crm: Crm) -> Iterator[Crm]:
    """The login may write contacts, and export them, but not read them."""
    crm.superuser.execute(f"revoke select on contacts from {LOGIN}".encode())
    crm.superuser.execute(f"select audit.allow_export('contact', '{LOGIN}')".encode())
    yield crm
    crm.superuser.execute(f"grant select on contacts to {LOGIN}".encode())


@pytest.mark.parametrize("client", PROGRAMS)
def test_a_program_exports_by_ticket_what_it_may_not_read(closed: Crm, client: str) -> None:
    company, other = uuid4().hex, uuid4().hex
    add = "insert into contacts (first_name, company) values ('Ada', %s), ('Bo, \"the\" Great', %s), ('Cy', %s)"
    closed.superuser.execute(add, (company, company, other))
    command, read = PROGRAMS[client]
    rows = read(closed.run([*command(), company]))
    assert sorted(row["first_name"] for row in rows) == ["Ada", 'Bo, "the" Great']
    found = "select actor_id, actor_name, db_user, context -> 'export' from audit.events where context @> %s"
    asked = closed.superuser.execute(found, (json.dumps({"export": {"filter": {"company": company}}}),)).fetchall()
    (event,) = asked
    assert event[:3] == ("42", "Priya Raman", LOGIN)
    assert event[3]["row_count"] == 2
