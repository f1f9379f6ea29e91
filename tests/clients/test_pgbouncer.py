"""Behind a transaction pooler, where clients share connections, nobody acts in the name of somebody else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.clients.conftest import LOGIN, Crm
from tests.clients.places import free_port, new_place
from webapp.embedded import account

SERVER_CONNECTIONS = 2
CLIENTS = 12

SETTINGS = """
[databases]
* = host={socket} port={port} pool_size={pool_size}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
"""

Connect = Callable[..., psycopg.Connection[Any]]


@contextmanager
def pgbouncer(crm: Crm, pool_size: int, more: str = "") -> Generator[Connect]:
    """Connections to the test server through a PgBouncer that has this many to the server."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    program = shutil.which("pgbouncer", path=path) or pytest.skip(
        "pgbouncer is not installed: apt-get install pgbouncer"
    )
    with new_place() as place:
        own_port = free_port()
        users = place / "users.txt"
        users.write_text(f'"{LOGIN}" ""\n')
        settings = place / "pgbouncer.ini"
        socket = crm.superuser.info.host
        settings.write_text(
            SETTINGS.format(socket=socket, port=crm.port, pool_size=pool_size, own_port=own_port, users=users) + more
        )
        with (place / "log").open("wb") as log:
            # It refuses to run as root, and the folder of the server's socket is open to the server's user only.
            process = subprocess.Popen(
                [program, "--quiet", str(settings)], stdout=log, stderr=log, cwd="/", **account.popen_arguments()
            )

        def connect(*, autocommit: bool = False, **settings: Any) -> psycopg.Connection[Any]:
            return psycopg.connect(
                "", host="127.0.0.1", port=own_port, user=LOGIN, dbname=crm.superuser.info.dbname, autocommit=autocommit,
                prepare_threshold=None, connect_timeout=10, **settings)  # fmt: skip

        try:
            while process.poll() is None:
                try:
                    connect().close()
                    break
                except psycopg.OperationalError as error:
                    if "refused" not in str(error):
                        raise
            assert process.poll() is None, (place / "log").read_text()
            yield connect
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="session")
def pooled(crm: Crm) -> Iterator[Connect]:
    with pgbouncer(crm, SERVER_CONNECTIONS) as connect:
        yield connect


def write(connection: psycopg.Connection[Any], email: str) -> int:
    """A contact with this address, and the process that served it."""
    connection.execute("insert into contacts (first_name, email) values ('Ada', %s)", (email,))
    row = connection.execute("select pg_backend_pid()").fetchone()
    assert row is not None
    return row[0]


def addresses(number: int) -> list[str]:
    return [f"{uuid4().hex}@example.net" for _ in range(number)]


def actor_of(crm: Crm, email: str) -> tuple[str | None, str | None, str | None, object]:
    event = crm.event_of(email)
    return event["actor_id"], event["actor_name"], event["request_id"], event["context"]


NOBODY = (None, None, None, None)


def test_many_clients_on_two_connections_each_act_in_their_own_name_or_in_none(crm: Crm, pooled: Connect) -> None:
    def work(client: int) -> tuple[set[int], dict[str, tuple[Any, ...]]]:
        pids: set[int] = set()
        expected: dict[str, tuple[Any, ...]] = {}
        with pooled() as connection:
            for turn, email in enumerate(addresses(20)):
                named = (turn + client) % 3 != 0
                with connection.transaction():
                    if named:
                        connection.execute(
                            "select audit.set_actor(%s, %s, %s, %s)",
                            (f"{client}", f"Client {client}", f"{client}-{turn}", '{"n": 1}'),
                        )
                    pids.add(write(connection, email))
                expected[email] = (f"{client}", f"Client {client}", f"{client}-{turn}", {"n": 1}) if named else NOBODY
        return pids, expected

    with ThreadPoolExecutor(CLIENTS) as pool:
        done = list(pool.map(work, range(CLIENTS)))
    assert len(set[int]().union(*(pids for pids, _ in done))) <= SERVER_CONNECTIONS
    for _, expected in done:
        assert {email: actor_of(crm, email) for email in expected} == expected


SETTERS = {
    "set_actor": "select audit.set_actor('42', 'Priya Raman', 'req-7', '{\"a\": 1}')",
    "set_config": "select set_config('audit.actor_id', '42', true), set_config('audit.actor_name', 'Priya Raman', true)",
    "set local": "set local audit.actor_id = '42'",
}


@pytest.mark.parametrize("ending", ["commit", "rollback", "abort", "hang up"])
@pytest.mark.parametrize("setter", SETTERS.values(), ids=SETTERS)
def test_the_name_ends_with_the_transaction_however_that_ends(
    crm: Crm, pooled: Connect, setter: str, ending: str
) -> None:
    # As many as there are connections, so that whoever comes next is served by one of them.
    first = [pooled() for _ in range(SERVER_CONNECTIONS)]
    pids = set()
    for connection, email in zip(first, addresses(SERVER_CONNECTIONS), strict=True):
        connection.execute(setter.encode())
        pids.add(write(connection, email))
    assert len(pids) == SERVER_CONNECTIONS
    for connection in first:
        if ending == "abort":
            with pytest.raises(psycopg.errors.DivisionByZero):
                connection.execute("select 1 / 0")
        if ending == "hang up":
            connection.close()
        else:
            connection.rollback() if ending != "commit" else connection.commit()
    for email in addresses(2 * SERVER_CONNECTIONS):
        with pooled() as other, other.transaction():
            pid = write(other, email)
        assert ending == "hang up" or pid in pids
        assert actor_of(crm, email) == NOBODY
    for connection in first:
        connection.close()


def test_a_name_that_is_set_outside_a_transaction_is_gone_before_the_next_statement(crm: Crm, pooled: Connect) -> None:
    (email,) = addresses(1)
    with pooled(autocommit=True) as connection:
        connection.execute("select audit.set_actor('42', 'Priya Raman')")
        write(connection, email)
    assert actor_of(crm, email) == NOBODY


def test_a_name_that_is_set_for_the_session_passes_to_others_unless_the_pooler_resets_it_or_they_name_somebody(
    crm: Crm,
) -> None:
    """PostgreSQL tells nobody whether a setting is of the transaction or of the session: capture takes both."""
    who = {
        "nobody": "select",
        "nobody, in so many words": "select audit.set_actor(null)",
        "somebody": "select audit.set_actor('7', 'Mei Tanaka')",
    }
    seen: dict[str, dict[str, object]] = {}
    for always in ("0", "1"):
        with pgbouncer(crm, pool_size=1, more=f"server_reset_query_always = {always}\n") as connect:
            with connect(autocommit=True) as careless:
                careless.execute("set audit.actor_id = '42'; set audit.request_id = 'req-7'")
            seen[always] = {}
            for said, email in zip(who, addresses(len(who)), strict=True):
                with connect() as other:
                    other.execute(who[said].encode())
                    write(other, email)
                seen[always][said] = actor_of(crm, email)
    mei = ("7", "Mei Tanaka", None, None)
    cured = {"nobody": NOBODY, "nobody, in so many words": NOBODY, "somebody": mei}
    assert seen == {"0": cured | {"nobody": ("42", None, "req-7", None)}, "1": cured}


def test_two_open_transactions_keep_their_names_apart_statement_by_statement(crm: Crm, pooled: Connect) -> None:
    mine, theirs, mine_again, unnamed = addresses(4)
    with pooled() as one, pooled() as other:
        one.execute("select audit.set_actor('1', 'One')")
        write(one, mine)
        other.execute("select audit.set_actor('2', 'Two')")
        write(other, theirs)
        write(one, mine_again)
        one.commit()
        other.commit()
        write(one, unnamed)
    assert [actor_of(crm, email)[:2] for email in (mine, theirs, mine_again, unnamed)] == [
        ("1", "One"), ("2", "Two"), ("1", "One"), (None, None)]  # fmt: skip


def test_the_application_of_each_client_is_its_own_and_the_login_is_the_pool_s(crm: Crm, pooled: Connect) -> None:
    emails = addresses(6)
    for number, email in enumerate(emails):
        with pooled(application_name=f"crm-{number}") as connection:
            write(connection, email)
    events = [crm.event_of(email) for email in emails]
    assert [event["application"] for event in events] == [f"crm-{number}" for number in range(len(emails))]
    assert {event["db_user"] for event in events} == {LOGIN}
