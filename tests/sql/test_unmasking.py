"""Columns that were hidden once and are not now, or the other way round; and hidden columns that hold no text."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Database
from tests.sql.support import refused, watch

SECRET, DRAFT, PIN = "secret-4711", "draft-4712", 60_193_774
ADA = f"insert into accounts values (1, 'Ada', '{SECRET}', '{DRAFT}', {PIN})"
TRACK = "select audit.track('accounts', 'account', '{name}', exclude => '{draft}', mask => '{secret,pin}')"
IN_THE_CLEAR = "select audit.track('accounts', 'account', '{name}')"


@pytest.fixture
def accounts(db: Database) -> Database:
    """A table with masked columns, one of them a number, and an excluded one."""
    db.run("create table accounts (id integer primary key, name text, secret text, draft text, pin integer)")
    db.run(TRACK)
    return db


def undo(db: Database) -> None:
    """Runs what would undo the last event."""
    db.run(db.value("select audit.restore_sql(%s)", db.last()["event_id"]))


def test_an_undone_delete_gives_back_what_was_stored_and_runs_although_a_mask_is_no_number(accounts: Database) -> None:
    accounts.run(ADA)
    accounts.run("delete from accounts")
    undo(accounts)
    assert accounts.run("select * from accounts") == [(1, "Ada", None, None, None)]


def test_an_undone_update_leaves_hidden_columns_as_they_are(accounts: Database) -> None:
    accounts.run(ADA)
    accounts.run("update accounts set name = 'Eve', pin = 1, secret = 'x'")
    undo(accounts)
    assert accounts.run("select * from accounts") == [(1, "Ada", "x", DRAFT, 1)]


def test_a_mask_is_never_given_back_as_a_value_when_the_column_is_masked_no_more(accounts: Database) -> None:
    accounts.run(ADA)
    inserted = accounts.last()["occurred_at"]
    accounts.run("delete from accounts")
    accounts.run(IN_THE_CLEAR)
    assert accounts.run("select * from audit.as_of(null::accounts, %s)", inserted) == [(1, "Ada", None, None, None)]
    undo(accounts)
    assert accounts.run("select * from accounts") == [(1, "Ada", None, None, None)]


def test_a_value_stored_before_its_column_was_masked_is_read_back_no_more(accounts: Database) -> None:
    accounts.run(IN_THE_CLEAR)
    accounts.run(ADA)
    accounts.run("delete from accounts")
    accounts.run(TRACK)
    before = accounts.events("action = 'insert' and table_name = 'accounts'")[0]["occurred_at"]
    assert accounts.run("select * from audit.as_of(null::accounts, %s)", before)[0][2] is None
    assert SECRET not in accounts.value(
        "select audit.restore_sql(%s)", accounts.events("action = 'delete'")[0]["event_id"]
    )


@pytest.mark.parametrize("column", ["secret", "draft", "pin"])
def test_a_filter_on_a_hidden_column_would_give_its_value_away_and_is_refused(accounts: Database, column: str) -> None:
    accounts.run(ADA)
    new = watch(accounts)
    with refused("22023", "audit.request_export: cannot filter by", hint="Leave it out of the filter. Known: id, "):
        accounts.run("select audit.request_export('account', %s::jsonb)", json.dumps({"name": "Ada", column: "x"}))
    assert new() == []


def test_a_filter_for_null_is_recorded_as_it_was_asked(shared: Database) -> None:
    shared.run("insert into contacts (company) values ('Acme'), (null)")
    new = watch(shared)
    ticket = shared.value("""select audit.request_export('contact', '{"company": null}')""")
    told = new()[0]["context"]["export"]
    assert (told["filter"], told["row_count"]) == ({"company": None}, 1)
    assert len(shared.run("select * from audit.export_rows(%s, null::contacts)", ticket)) == 1


def test_the_text_of_a_statement_is_not_stored(shared: Database) -> None:
    new = watch(shared)
    shared.connect().execute("insert into contacts (first_name) values ('Ada') /* needle-4717 */")
    assert len(new()) == 1
    assert "needle-4717" not in str(new())
