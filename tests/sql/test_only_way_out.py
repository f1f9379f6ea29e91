"""The README's recipe for a role that gets contacts by ticket and in no other way: its very lines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Database
from tests.sql.support import denied, seed, watch
from tests.sql.test_tickets import ask, take

README = (Path(__file__).parent.parent.parent / "README.md").read_text()
RECIPE = re.search(r"<!-- tried by tests/sql/test_only_way_out.py -->\n```sql\n(.*?)```", README, re.DOTALL)

READING = [
    "select * from contacts",
    "select email from contacts where id = 1",
    "select contacts from contacts",
    "select count(*) from contacts where email like 'a%'",
    "table contacts",
    "copy contacts to stdout",
    "copy (select first_name from contacts) to stdout",
    "declare c cursor for select * from contacts",
    "create temp table mine as select * from contacts",
    "create temp view mine as select * from contacts; select * from mine",
    "insert into contacts (first_name) values ('Di') returning *",
    "insert into contacts (id, first_name) values (1, 'Di') on conflict (id) do update set notes = contacts.email",
    "update contacts set notes = email where id = 1",
    "update contacts set notes = 'x' where email like 'a%'",
    "update contacts set notes = 'x' where id = 1 returning email",
    "delete from contacts where id = 1 returning *",
    "lock table contacts; select * from contacts",
    "select * from audit.as_of(null::contacts, now())",
    "select * from audit.history('contacts', '1')",
    "select * from audit.events",
]


@pytest.fixture
def db(db: Database) -> Database:
    seed(db)
    assert RECIPE
    *statements, who_reads = [s for s in RECIPE[1].replace("contacts_web", "app").split(";") if s.strip()]
    before = db.run(who_reads)
    assert ("app",) in before, "the question of the recipe finds those who can read"
    for statement in statements:
        db.run(statement)
    assert db.run(who_reads) == [found for found in before if found != ("app",)]
    return db


def test_a_role_after_the_recipe_reads_no_contact(db: Database) -> None:
    app = db.connect()
    for statement in READING:
        with denied(), app.transaction():
            for part in statement.split(";"):
                if part.strip().startswith("copy"):
                    with app.cursor().copy(part.encode()) as copy:
                        list(copy)
                else:
                    app.execute(part.encode())


def test_a_role_after_the_recipe_still_writes_by_key(db: Database) -> None:
    app = db.connect()
    app.execute("insert into contacts (id, first_name) values (9, 'Di')")
    assert app.execute("update contacts set phone = '1' where id = 1").rowcount == 1
    assert app.execute("delete from contacts where id = 2").rowcount == 1


def test_a_role_after_the_recipe_gets_contacts_by_ticket_and_leaves_an_event(db: Database) -> None:
    new = watch(db)
    assert len(take(db.connect(), ask(db.connect()))) == 2
    assert [event["action"] for event in new()] == ["export"]
