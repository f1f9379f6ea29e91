"""Who may erase what, what goes, and that nothing else changes an event."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.conftest import Connection, Database
from tests.sql.support import refused


@pytest.fixture
def people(db: Database) -> tuple[Connection, Connection]:
    """Two administrators of the log."""
    db.run("insert into contacts (id, first_name, notes) values (42, 'Wilhelmina', 'heliotrope')")
    return db.connect("admin"), db.connect("postgres")


def request(
    connection: Connection,
    record: str = "42",
    reason: str | None = "letter 17",
    entity: str = "contact",
    also: list[str] | None = None,
) -> int:
    row = connection.execute("select audit.request_erasure(%s, %s, %s, %s)", (entity, record, reason, also)).fetchone()
    assert row
    return row[0]


def approve(connection: Connection, number: int) -> dict[str, Any]:
    row = connection.execute("select audit.approve_erasure(%s)", (number,)).fetchone()
    assert row
    return row[0]


def test_a_request_says_what_is_wrong_with_it(db: Database, people: tuple[Connection, Connection]) -> None:
    first, _ = people
    with refused("22023", "a request to erase needs a reason of 3 to 500 characters", hint="name nobody"):
        request(first, reason="  ")
    with refused("22023", "audit.request_erasure: also is {everything}", hint="actor and filter"):
        request(first, also=["everything"])
    with refused("P0002", "the log holds nothing of contact 4711", hint="record_id"):
        request(first, "4711")
    with refused("P0002", "there is no request 99 to erase", hint="auditlog erase --list"):
        approve(first, 99)
    number = request(first)
    with refused("23505", f"there is a request to erase contact 42 already: {number}", hint=f"--approve {number}"):
        request(first)
    with refused("55000", f"request {number} is not approved", hint="somebody else"):
        first.execute("select audit.note_reached(%s, 1, 'f', '{}')", (number,))
    with refused("P0002", "holds a value of a column that is masked or excluded now", hint="--mask"):
        first.execute("select audit.request_column_erasure('contacts', 'policy')")


def test_it_takes_two_people_who_may(db: Database, people: tuple[Connection, Connection]) -> None:
    first, second = people
    number = request(first)
    with refused(
        "42501", f"request {number} is of login admin itself: somebody else must approve it", hint="takes two people"
    ):
        approve(first, number)
    for login in ("app", "reader", "sealer"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="for function approve_erasure"):
            approve(db.connect(login), number)
    with refused("42501", 'the login "web" may not erase in its own name', hint="one of your own: create role"):
        approve(db.connect("web"), number)
    assert approve(second, number)
    with refused("P0002", "there is no archive 7", hint="audit.archives"):
        second.execute("select audit.note_reached(%s, 7, 'f', '{}')", (number,))
    other = second.info.user
    with refused("55000", f"request {number} was approved by login {other} already", hint="another request"):
        approve(second, number)
    told = db.run("select record_id, context -> 'erase' from audit.events where action = 'erase' order by event_id")
    assert [(record, event["did"], event["request"]) for record, event in told] == [
        ("42", "request", number), ("42", "approve", number)]  # fmt: skip
    assert len(told[1][1]["events"]) == 1


def test_of_the_two_people_one_at_most_acts_through_the_web_login(
    db: Database, people: tuple[Connection, Connection]
) -> None:
    first, _ = people
    db.run(
        "insert into users (id, email, name, password_hash) values "
        "(7, 'a@example.org', 'A', 'x'), (8, 'b@example.org', 'B', 'x'), (9, 'c@example.org', 'C', 'x')"
    )
    db.run("insert into user_permissions values (7, 'audit.erase'), (8, 'audit.erase')")
    web = db.connect("web")
    for user in (7, 8, 9):  # what a stolen login could do as well: name whom it likes
        begin = "select audit.begin_session(%s, %s, 'name', 'account', null, null, '{}')"
        web.execute(begin, (bytes([user]) * 32, str(user)))
    ask = "select audit.request_erasure('contact', '42', 'letter', session_hash => %s)"
    close = "select audit.{}_erasure(%s, %s)"
    nobody = "nobody who may erase proved who they are in this session within the last hour"
    with refused("42501", nobody, hint="auditlog user grant"):
        web.execute(ask, (bytes([9]) * 32,))  # without the permission
    with refused("42501", nobody):
        web.execute(ask, (bytes(32),))  # no such session
    with refused("42501", nobody):
        first.execute(ask, (bytes([7]) * 32,))  # not the web application
    row = web.execute(ask, (bytes([7]) * 32,)).fetchone()
    assert row
    with refused("42501", f"request {row[0]} is of account 7 itself: somebody else must approve it"):
        web.execute(close.format("approve").encode(), (row[0], bytes([7]) * 32))
    with refused(
        "42501", f"request {row[0]} is of account 7: who approves it needs a login of the database", hint="--approve"
    ):
        web.execute(close.format("approve").encode(), (row[0], bytes([8]) * 32))
    assert "Wilhelmina" in db.value("select string_agg(l::text, '') from audit.log l")
    with pytest.raises(psycopg.errors.CheckViolation, match="one_of_them_is_a_login_of_the_database"):
        db.run("update audit.erasures set approved_by = 'account 8', closed_at = now()")
    db.run("update audit.web_sessions set authenticated_at = now() - interval '61 minutes' where user_id = '8'")
    with refused("42501", nobody):
        web.execute(close.format("withdraw").encode(), (row[0], bytes([8]) * 32))
    web.execute(close.format("withdraw").encode(), (row[0], bytes([7]) * 32))
    number = request(first)
    web.execute(close.format("approve").encode(), (number, bytes([7]) * 32))
    assert "Wilhelmina" not in db.value("select string_agg(l::text, '') from audit.log l")
    assert db.run("select requested_by, approved_by from audit.erasures where closed_at is not null order by 1") == [
        ("account 7", None), ("login admin", "account 7")]  # fmt: skip


def test_a_request_can_be_withdrawn_and_then_nothing_goes(db: Database, people: tuple[Connection, Connection]) -> None:
    first, second = people
    number = request(first)
    first.execute("select audit.withdraw_erasure(%s)", (number,))
    with refused("55000", f"request {number} was withdrawn by login admin already"):
        approve(second, number)
    assert db.value("select count(*) from audit.log where new_row like '%%heliotrope%%'") == 1
    assert db.last()["context"]["erase"]["did"] == "withdraw"


def test_what_is_not_sealed_yet_waits_where_the_log_is_sealed(
    db: Database, people: tuple[Connection, Connection]
) -> None:
    first, second = people
    number = request(first)
    db.run("insert into audit.checkpoints (number, size, horizon, note) values (0, 0, '1', 'x')")
    with refused("55000", f"1 events of request {number} are not sealed yet", hint="Run auditlog seal"):
        approve(second, number)


def test_a_hold_keeps_what_it_is_of(db: Database, people: tuple[Connection, Connection]) -> None:
    first, second = people
    number = request(first)
    for entity, record, since, until in (
        ("contact", "42", None, None), ("contact", "42", "2020-01-01", "2100-01-01"), (None, None, "2020-01-01", "2100-01-01"),
    ):  # fmt: skip
        db.run(
            "insert into audit.holds (entity, record_id, since, until, reason) values (%s, %s, %s, %s, 'case 7')",
            entity,
            record,
            since,
            until,
        )
        with refused("55000", f"keeps what request {number} would erase: case 7", hint="auditlog hold release"):
            approve(second, number)
        db.run("update audit.holds set record_id = '43', entity = 'contact', since = null, until = null")
    assert approve(second, number)["events"] == 1


def test_nobody_changes_events_beside_an_approved_request(db: Database, people: tuple[Connection, Connection]) -> None:
    first, second = people
    with db.superuser.transaction():
        approve(second, request(first))
        for statement in (
            b"update audit.log set context = null",
            b"update audit.leaves set salt = null",
            b"delete from audit.log",
        ):
            with refused("42501", "the audit log is append-only"), db.superuser.transaction():
                db.superuser.execute(statement)


def test_reading_back_leaves_out_what_was_erased(db: Database, people: tuple[Connection, Connection]) -> None:
    first, second = people
    db.run("insert into contacts (id, first_name) values (43, 'Other')")
    event = db.value("select event_id from audit.events where record_id = '42'")
    assert db.run("select id from audit.as_of(null::contacts, now()) order by 1") == [(42,), (43,)]
    approve(second, request(first))
    assert db.run("select id from audit.as_of(null::contacts, now())") == [(43,)]
    assert [row[0] for row in db.run("select action from audit.history('contacts', '42')")] == ["erase", "erase"]
    with refused("55000", f"event {event} was erased, and nobody has its values any more", hint="by which request"):
        db.run("select audit.restore_sql(%s)", event)
    db.run("update contacts set notes = 'mauve' where id = 42")
    assert db.run("select id from audit.as_of(null::contacts, now()) order by 1") == [(42,), (43,)]
    shown = db.run(
        "select record_id, before, after, context #>> '{erased,request}' from audit.report where event_id = %s", event
    )
    assert shown == [(None, None, None, "1")]


def test_of_what_a_person_did_only_the_person_goes(db: Database, people: tuple[Connection, Connection]) -> None:
    first, second = people
    db.run("insert into users (id, email, name, password_hash) values (7, 'willa@example.org', 'Willa', 'x')")
    with db.superuser.transaction():
        db.run("select audit.set_actor('7', 'Willa', 'r1', '{\"ip\": \"192.0.2.7\"}')")
        db.run("update contacts set notes = 'mauve' where id = 42")
    assert db.value("select audit.extend_search()") > 0
    assert db.value("select count(*) from audit.search where words @@ 'willa' and actor_id = '7'") == 1
    assert approve(second, request(first, "7", entity="user"))["kinds"] == {"own": 1, "actor": 1}
    assert (
        db.value(
            "select count(*) from audit.search s where s::text like '%%illa%%' or actor_id = '7' or claimed_addr is not null"
        )
        == 0
    )
    assert db.value("select count(*) from audit.actor_days where actor_id = '7'") == 0
    (event,) = db.events("entity = 'contact' and action = 'update'")
    assert (event["actor_id"], event["actor_name"], event["request_id"]) == (None, None, None)
    assert (event["record_id"], event["after"]["notes"]) == ("42", "mauve")
    assert (event["context"].keys(), event["context"]["erased"]["whole"]) == ({"erased"}, False)


def test_columns_that_are_masked_later_go_from_older_events(
    db: Database, people: tuple[Connection, Connection]
) -> None:
    first, second = people
    db.run("update contacts set first_name = 'W' where id = 42")
    db.run("select audit.import_events(%s)", '[{"occurred_at": "2020-01-01", "entity": "contact", "schema_name": "public",'
           ' "table_name": "contacts", "record_id": "44", "action": "insert", "after": {"id": 44, "notes": "heliotrope"}}]')  # fmt: skip
    db.run("select audit.track('contacts', mask => '{notes}')")
    row = first.execute("select audit.request_column_erasure('contacts', 'policy')").fetchone()
    assert row
    assert approve(second, row[0])["kinds"] == {"columns": 3}
    assert db.value("select count(*) from audit.log l where l::text like '%%heliotrope%%'") == 0
    update = db.events("action = 'update'")[0]
    assert (update["before"]["notes"], update["before"]["first_name"]) == ({"$masked": True}, "Wilhelmina")
    assert update["changed_fields"] == ["first_name"]
    assert db.run("select id, first_name, notes from audit.as_of(null::contacts, now()) order by 1") == [
        (42, "W", None),
        (44, None, None),
    ]
    with refused("P0002", "holds a value of a column that is masked or excluded now"):
        first.execute("select audit.request_column_erasure('contacts', 'policy')")
