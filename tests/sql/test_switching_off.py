"""No setting that a session may change keeps a write from the log, also when it changes in the middle of a statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Connection, Database
from tests.sql.support import told, watch


@pytest.fixture
def trusted(stock: Database) -> Iterator[Connection]:
    """Who may change session_replication_role, as logical decoding tools are often granted."""
    stock.run("grant set on parameter session_replication_role to app")
    yield stock.connect()
    # The grant belongs to the server, which other tests use too.
    stock.run("revoke set on parameter session_replication_role from app")


@pytest.mark.parametrize("mode", ["replica", "local", "origin"])
def test_no_session_replication_role_keeps_a_write_from_the_log(
    stock: Database, trusted: Connection, mode: str
) -> None:
    new = watch(stock)
    trusted.execute(f"set session_replication_role = {mode}".encode())
    trusted.execute("insert into stock values (3, 30), (4, 40)")
    trusted.execute("update stock set amount = 0 where id = 3")
    trusted.execute("delete from stock where id = 4")
    with trusted.cursor().copy("copy stock (id, amount) from stdin") as copy:
        copy.write_row((5, 50))
    trusted.execute("truncate stock")
    events = [e for e in told(new()) if e[0] != "truncate"]
    assert events == [("delete", "4", 40, None), ("insert", "3", None, 30), ("insert", "4", None, 40),
                      ("insert", "5", None, 50), ("update", "3", 30, 0)]  # fmt: skip
    assert len([e for e in new() if e["action"] == "truncate"]) == 4


SWITCH = "set_config('session_replication_role', {}, false)"


@pytest.mark.parametrize("to", ["replica", "local"])
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("insert into stock values (3, 30), (4, 40) returning {}", [("insert", "3", None, 30), ("insert", "4", None, 40)]),
        ("insert into stock select n, n from generate_series(3, 4) n where {} <> ''", [("insert", "3", None, 3), ("insert", "4", None, 4)]),
        ("update stock set amount = 0 where {} <> ''", [("update", "1", 10, 0), ("update", "2", 20, 0)]),
        ("delete from stock returning {}", [("delete", "1", 10, None), ("delete", "2", 20, None)]),
        ("with s as (select {} as r) insert into stock select 3, 30 from s", [("insert", "3", None, 30)]),
    ],
    ids=["insert", "insert select", "update", "delete", "cte"],
)  # fmt: skip
def test_a_session_replication_role_set_inside_the_statement_loses_nothing_and_doubles_nothing(
    stock: Database, trusted: Connection, statement: str, expected: list[Any], to: str
) -> None:
    new = watch(stock)
    trusted.execute(statement.format(SWITCH.format(f"'{to}'")).encode())
    assert told(new()) == expected
    back = SWITCH.format("case (select count(*) from stock) % 2 when 0 then 'origin' else 'replica' end")
    trusted.execute(f"insert into stock select n, n, {back} from generate_series(6, 7) n".encode())
    assert [(e["action"], e["record_id"]) for e in new()[len(expected) :]] == [("insert", "6"), ("insert", "7")]
