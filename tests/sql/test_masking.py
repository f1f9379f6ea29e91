"""What is hidden occurs nowhere: not in the log, nor in anything that reads it."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Database
from tests.sql.support import MASKED, refused, watch

SECRETS = [f"hidden-{kind}-{n}" for kind in ("pin", "note") for n in range(1, 5)]


def assert_nothing_leaked(db: Database, secrets: list[str] = SECRETS) -> None:
    log: list[str] = [text for (text,) in db.run("select e::text from audit.events e")]
    assert log
    for secret in secrets:
        assert not [text for text in log if secret in text], secret


@pytest.fixture
def cards(db: Database) -> Database:
    """A table with a masked column (pin) and an excluded one (note)."""
    db.run("create table cards (id int primary key, name text, pin text, note text)")
    db.run("grant select, insert, update, delete, truncate on cards to app")
    db.run("select audit.track('cards', entity => 'card', label => '{name}', mask => '{pin}', exclude => '{note}')")
    return db


def live(db: Database) -> None:
    """Every kind of write, each with values of its own."""
    app = db.connect()
    app.execute("insert into cards values (1, 'a', 'hidden-pin-1', 'hidden-note-1'), (2, 'b', 'hidden-pin-2', 'x')")
    app.execute("update cards set name = 'c', pin = 'hidden-pin-3', note = 'hidden-note-3' where id = 1")
    app.execute("delete from cards where id = 2")
    db.run("select audit.record_baseline('cards')")
    app.execute("truncate cards")
    app.execute("insert into cards values (4, 'd', 'hidden-pin-4', 'hidden-note-4')")


def test_hidden_values_are_not_in_the_log_after_any_kind_of_write(cards: Database) -> None:
    live(cards)
    assert {e["action"] for e in cards.events()} == {"insert", "update", "delete", "baseline", "truncate"}
    assert_nothing_leaked(cards)
    for event in cards.events():
        for image in (event["before"], event["after"]):
            assert image is None or (image["pin"], "note" in image) == (MASKED, False)


def test_a_password_hash_is_not_in_the_log_after_any_kind_of_write(db: Database) -> None:
    app = db.connect()
    app.execute("insert into users (id, name, email, password_hash) values (7, 'Vi', 'vi@example.org', 'hidden-1')")
    app.execute("update users set password_hash = 'hidden-2', name = 'Viv'")
    db.run("select audit.track('users', entity => 'user', mask => '{password_hash}', baseline => true)")
    app.execute("delete from users")
    app.execute("insert into users (id, name, email, password_hash) values (8, 'Al', 'al@example.org', 'hidden-3')")
    db.connect("postgres").execute("truncate users cascade")
    assert {"insert", "update", "delete", "baseline", "truncate"} <= {e["action"] for e in db.events()}
    assert_nothing_leaked(db, ["hidden-"])


def test_hidden_values_do_not_come_out_of_anything_that_reads_the_log(cards: Database) -> None:
    live(cards)
    admin = cards.connect("admin")
    seen = admin.execute("select h::text from audit.history('cards', '1') h").fetchall()
    rows = admin.execute("select t::text from audit.as_of(null::cards, 'infinity') t").fetchall()
    undo = admin.execute(
        "select audit.restore_sql(event_id) from audit.events where entity = 'card' "
        "and action in ('insert', 'update', 'delete', 'truncate')"
    ).fetchall()
    assert len(seen) >= 3
    assert rows == [("(4,d,,)",)]
    assert len(undo) == 6
    assert "hidden-" not in str((seen, rows, undo))


def test_hidden_values_are_taken_out_of_imported_events(cards: Database) -> None:
    row = {"id": 1, "name": "a", "pin": "hidden-pin-1", "note": "hidden-note-1"}
    shared = {"entity": "card", "schema_name": "public", "table_name": "cards", "occurred_at": "2020-01-01"}
    events = [
        shared | {"action": "insert", "after": row},
        shared | {"action": "update", "before": row, "after": row | {"pin": "hidden-pin-2", "note": "hidden-note-2"}},
        shared | {"action": "delete", "before": row},
    ]
    assert cards.value("select audit.import_events(%s::jsonb)", json.dumps(events)) == 3
    assert_nothing_leaked(cards)
    assert cards.last()["before"] == {"id": 1, "name": "a", "pin": MASKED}


def test_hidden_values_do_not_leave_by_an_export(cards: Database) -> None:
    live(cards)
    cards.run("select audit.allow_export('card', 'app')")
    app = cards.connect()
    (ticket,) = app.execute("select audit.request_export('card')").fetchone() or (None,)
    rows = app.execute("select * from audit.export_rows(%s, null::cards)", (ticket,)).fetchall()
    assert rows == [(4, "d", None, None)]
    assert_nothing_leaked(cards)


def test_a_filter_on_a_hidden_column_does_not_tell_its_value(cards: Database) -> None:
    live(cards)
    cards.run("select audit.allow_export('card', 'app')")
    app = cards.connect()
    for column, guess in [("pin", "hidden-pin-4"), ("note", "hidden-note-4")]:
        with refused("22023", f'cannot filter by "{column}"', hint="Leave it out"):
            app.execute("select audit.request_export('card', %s::jsonb)", (json.dumps({column: guess}),))
    assert_nothing_leaked(cards)


def test_a_filter_on_a_renamed_hidden_column_does_not_tell_its_value(cards: Database) -> None:
    live(cards)
    cards.run("select audit.allow_export('card', 'app')")
    cards.run("alter table cards rename pin to code")
    with refused("22023", 'cannot filter by "code"'):
        cards.connect().execute("""select audit.request_export('card', '{"code": "hidden-pin-4"}')""")


def test_a_hidden_column_that_takes_the_name_of_a_visible_one_stays_hidden(cards: Database) -> None:
    cards.run("alter table cards drop name")
    cards.run("alter table cards rename pin to name")
    cards.connect().execute("insert into cards (id, name) values (1, 'hidden-pin-1')")
    assert_nothing_leaked(cards)


def test_a_change_of_only_a_masked_column_is_an_update_that_lists_it(cards: Database) -> None:
    app = cards.connect()
    app.execute("insert into cards values (1, 'a', 'hidden-pin-1', 'x')")
    new = watch(cards)
    app.execute("update cards set pin = 'hidden-pin-2'")
    (event,) = new()
    assert (event["action"], event["changed_fields"]) == ("update", ["pin"])
    assert event["before"]["pin"] == event["after"]["pin"] == MASKED
    assert_nothing_leaked(cards)


def test_a_change_of_only_an_excluded_column_leaves_no_event(cards: Database) -> None:
    app = cards.connect()
    app.execute("insert into cards values (1, 'a', 'x', 'hidden-note-1')")
    new = watch(cards)
    app.execute("update cards set note = 'hidden-note-2'")
    assert new() == []


def test_a_change_of_an_excluded_column_beside_another_is_not_listed(cards: Database) -> None:
    app = cards.connect()
    app.execute("insert into cards values (1, 'a', 'x', 'hidden-note-1')")
    new = watch(cards)
    app.execute("update cards set note = 'hidden-note-2', name = 'b'")
    (event,) = new()
    assert event["changed_fields"] == ["name"]


RENAMES = {
    "masked": ("alter table cards rename pin to code",),
    "excluded": ("alter table cards rename note to code",),
    "masked, and another takes its name": (
        "alter table cards rename pin to code",
        "alter table cards add pin text",
    ),
    "excluded, and another takes its name": (
        "alter table cards rename note to code",
        "alter table cards add note text",
    ),
    "each takes the other's": (
        "alter table cards rename pin to code",
        "alter table cards rename note to pin",
        "alter table cards rename code to note",
    ),
}


@pytest.mark.parametrize("renames", RENAMES.values(), ids=RENAMES)
def test_a_hidden_column_under_another_name_stays_hidden_and_its_table_writable(
    cards: Database, renames: tuple[str, ...]
) -> None:
    app = cards.connect()
    app.execute("insert into cards values (1, 'a', 'hidden-pin-1', 'hidden-note-1')")
    for statement in renames:
        cards.run(statement)
    new = watch(cards)
    app.execute("insert into cards values (2, 'b', 'hidden-pin-2', 'hidden-note-2')")
    app.execute("update cards set name = 'c'")
    app.execute("delete from cards where id = 2")
    cards.run("select audit.record_baseline('cards')")
    cards.run("select audit.allow_export('card', 'app')")
    (ticket,) = app.execute("select audit.request_export('card')").fetchone() or (None,)
    exported = app.execute("select * from audit.export_rows(%s, null::cards)", (ticket,)).fetchall()
    restored = cards.run(
        "select audit.restore_sql(event_id) from audit.events where table_name = 'cards' "
        "and action in ('insert', 'update', 'delete')"
    )
    app.execute("truncate cards")
    assert [e["action"] for e in new() if e["table_name"]] == [
        "insert",
        "update",
        "update",
        "delete",
        "baseline",
        "truncate",
    ]
    assert "hidden-" not in str((exported, restored))
    assert_nothing_leaked(cards)


def test_a_column_that_went_by_a_hidden_name_stays_hidden_when_it_takes_a_visible_one(cards: Database) -> None:
    cards.run("alter table cards rename pin to code")
    cards.run("alter table cards add pin text")
    cards.connect().execute("insert into cards values (1, 'a', 'x', 'y', 'hidden-pin-1')")
    cards.run("alter table cards drop name")
    cards.run("alter table cards rename pin to name")
    cards.connect().execute("update cards set name = 'hidden-pin-2'")
    assert_nothing_leaked(cards)


def test_tracking_again_does_not_show_a_hidden_column_whose_name_another_one_has(cards: Database) -> None:
    cards.run("alter table cards rename pin to code")
    cards.run("alter table cards add pin text")
    with refused("22023", 'audit.track: column "code" of public.cards was hidden under another name', hint="mask => "):
        cards.run("select audit.track('cards')")
    cards.run("select audit.track('cards', mask => '{pin,code}')")
    cards.connect().execute("insert into cards values (1, 'a', 'hidden-pin-1', 'hidden-note-1', 'hidden-pin-2')")
    assert_nothing_leaked(cards)


@pytest.mark.parametrize("name", ["pin", "note"])
def test_a_key_that_takes_a_hidden_columns_name_is_hidden_and_its_table_writable(cards: Database, name: str) -> None:
    cards.run(f"alter table cards rename {name} to other")
    cards.run(f"alter table cards rename id to {name}")
    new = watch(cards)
    cards.connect().execute(f"insert into cards ({name}) values (60193774)")
    cards.connect().execute("update cards set name = 'b'")
    cards.connect().execute("delete from cards")
    assert [(e["action"], e["record_id"]) for e in new()] == [("insert", None), ("update", None), ("delete", None)]
    assert_nothing_leaked(cards, ["60193774"])


def test_a_column_added_beside_hidden_ones_is_masked_until_the_table_is_tracked_again(cards: Database) -> None:
    cards.run("alter table cards add colour text")
    app = cards.connect()
    app.execute("insert into cards values (1, 'a', 'x', 'y', 'red')")
    assert cards.last()["after"]["colour"] == MASKED
    cards.run("select audit.track('cards', entity => 'card', label => '{name}', mask => '{pin}', exclude => '{note}')")
    app.execute("update cards set colour = 'blue'")
    assert cards.last()["after"]["colour"] == "blue"
