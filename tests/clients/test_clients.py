"""Whichever client writes, the event says who the database knows, and who the application says it works for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import psycopg
import pytest

from tests.clients.conftest import HERE, LOGIN, Crm, java, node, psql, python

PROGRAMS: dict[str, tuple[Callable[[], list[str]], str]] = {
    "psycopg": (partial(python, "psycopg_client.py"), "crm-psycopg"),
    "SQLAlchemy": (partial(python, "sqlalchemy_client.py"), "crm-sqlalchemy"),
    "Django": (partial(python, "django_client.py"), "crm-django"),
    "Node": (node, "crm-node"),
    "Java": (java, "crm-java"),
}


@pytest.fixture
def email() -> str:
    return f"{uuid4().hex}@example.net"


@pytest.mark.parametrize("client", PROGRAMS)
def test_a_client_that_names_its_user_has_that_user_in_the_event(crm: Crm, client: str, email: str) -> None:
    command, application = PROGRAMS[client]
    crm.run([*command(), "named", email])
    event = crm.event_of(email)
    assert (event["actor_id"], event["actor_name"]) == ("42", "Priya Raman")
    assert (event["db_user"], event["application"], str(event["client_addr"])) == (LOGIN, application, "127.0.0.1")
    assert (event["action"], event["entity"], event["record_label"]) == ("insert", "contact", "Ada Lovelace")


@pytest.mark.parametrize("client", PROGRAMS)
def test_a_client_that_names_nobody_is_recorded_under_its_login(crm: Crm, client: str, email: str) -> None:
    command, application = PROGRAMS[client]
    crm.run([*command(), "unnamed", email])
    event = crm.event_of(email)
    assert (event["actor_id"], event["actor_name"]) == (None, None)
    assert (event["db_user"], event["application"], str(event["client_addr"])) == (LOGIN, application, "127.0.0.1")


@pytest.mark.parametrize("client", ["SQLAlchemy", "Django"])
def test_what_an_orm_writes_in_bulk_is_recorded_row_by_row(crm: Crm, client: str, email: str) -> None:
    command, application = PROGRAMS[client]
    crm.run([*command(), "bulk", email])
    events = crm.superuser.execute(
        "select action, application, changed_fields, count(distinct record_id) from audit.events "
        "where coalesce(before, after) ->> 'email' = %s group by 1, 2, 3 order by 1",
        (email,),
    ).fetchall()
    assert events == [
        ("delete", application, None, 2), ("insert", application, None, 2), ("update", application, ["last_name"], 2)]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "actor"),
    [
        ("client.sql", ("42", "Priya Raman")),
        ("client_setting.sql", ("42", None)),
        ("client_unnamed.sql", (None, None)),
    ],
)
def test_psql_is_recorded_like_any_other_client(
    crm: Crm, file: str, actor: tuple[str | None, str | None], email: str
) -> None:
    crm.run([*psql(), f"--set=email={email}", f"--file={HERE / file}"])
    event = crm.event_of(email)
    assert (event["actor_id"], event["actor_name"]) == actor
    assert (event["db_user"], event["application"]) == (LOGIN, "psql")


def test_the_next_transaction_of_the_same_connection_names_nobody(crm: Crm, email: str) -> None:
    script = (HERE / "client.sql").read_text() + (HERE / "client_unnamed.sql").read_text().replace(
        ":'email'", "'after-' || :'email'"
    )
    crm.run(["/bin/sh", "-c", 'printf %s "$SCRIPT" | "$@"', "sh", *psql(), f"--set=email={email}"], SCRIPT=script)
    assert crm.event_of(email)["actor_id"] == "42"
    assert crm.event_of(f"after-{email}")["actor_id"] is None


def test_the_event_carries_the_time_and_the_transaction_of_the_write(crm: Crm, email: str) -> None:
    before = datetime.now(UTC)
    with psycopg.connect("", **_connection(crm)) as connection:
        connection.execute("select audit.set_actor('42', 'Priya Raman', 'req-7', '{\"ip\": \"192.0.2.7\"}')")
        connection.execute("insert into contacts (first_name, email) values ('Ada', %s)", (email,))
        row = connection.execute("select pg_current_xact_id()::text").fetchone()
    event = crm.event_of(email)
    assert row is not None
    assert str(event["xact_id"]) == row[0]
    assert (event["request_id"], event["context"]) == ("req-7", {"ip": "192.0.2.7"})
    assert timedelta(0) <= event["occurred_at"] - before < timedelta(seconds=30)
    assert event["imported_at"] is None


def test_a_client_that_rolls_back_leaves_no_event(crm: Crm, email: str) -> None:
    with psycopg.connect("", **_connection(crm)) as connection:
        connection.execute("select audit.set_actor('42')")
        connection.execute("insert into contacts (first_name, email) values ('Ada', %s)", (email,))
        connection.rollback()
    with pytest.raises(AssertionError, match="0 events"):
        crm.event_of(email)


def test_a_client_with_a_wrong_password_is_refused(crm: Crm) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect("", **_connection(crm) | {"password": "a guess"})


@pytest.mark.parametrize(
    "statement",
    [
        "select * from audit.events",
        "insert into audit.events (entity, action) values ('contact', 'view')",
        "delete from audit.events",
        "select audit.untrack('contacts')",
        'alter table contacts disable trigger "!audit_capture"',
        "set session_replication_role = replica",
    ],
)
def test_a_client_can_neither_read_nor_silence_the_log(crm: Crm, statement: str) -> None:
    with (
        psycopg.connect("", **_connection(crm)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def _connection(crm: Crm) -> dict[str, str]:
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "dbname"}
    environment = crm.environment()
    return {names[name]: environment[name] for name in names}
