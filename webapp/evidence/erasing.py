"""Requests to erase, as commands and pages show them. What is erased, and who may, is decided in SQL."""

from __future__ import annotations

from typing import Any

from psycopg.rows import dict_row

from ..scopes import EVERYTHING, Scope
from .queries import load
from .tree import Connection

Told = dict[str, Any]

#: (kind, what one is, what several are, what goes)
KINDS = (
    ("own", "event about the record", "events about the record", "everything but time, action, table and login"),
    ("parent", "event of rows that belong to it", "events of rows that belong to it", "the same"),
    ("actor", "event of what they did", "events of what they did", "who it was, and from where"),
    ("filter", "search or export by it", "searches or exports by it", "what was looked for"),
    ("views", "saved or recent search for it", "saved or recent searches for it", "all of it"),
    ("columns", "event with such values", "events with such values", "the values of these columns"),
)


def requests(
    connection: Connection, scope: Scope = EVERYTHING, *, request_id: int | None = None, limit: int = 1000
) -> list[dict[str, Any]]:
    """Requests, newest first: those that wait before those that are closed; with a number, that one."""
    query = load("requests").format(scope=scope.condition("audit.category_of('update', e.entity)"))
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(query, {"request": request_id, "limit": limit}).fetchall()


def request(
    connection: Connection,
    entity: str,
    record: str,
    reason: str,
    also: list[str] | None = None,
    session: bytes | None = None,
) -> int:
    """Ask that a record be forgotten; return the number of the request.

    `session` is the hash of the session of the report in which somebody asks; without it, the login asks.
    """
    return _call(connection, "select audit.request_erasure(%s, %s, %s, %s, %s)", entity, record, reason, also, session)


def request_columns(connection: Connection, table: str, reason: str) -> int:
    """Ask that values of columns that are hidden by now be erased; return the number of the request."""
    return _call(connection, "select audit.request_column_erasure(%s::regclass, %s)", table, reason)


def preview(connection: Connection, request_id: int) -> Told:
    return _call(connection, "select audit.preview_erasure(%s)", request_id)


def approve(connection: Connection, request_id: int, session: bytes | None = None) -> Told:
    return _call(connection, "select audit.approve_erasure(%s, %s)", request_id, session)


def withdraw(connection: Connection, request_id: int, session: bytes | None = None) -> None:
    _call(connection, "select audit.withdraw_erasure(%s, %s)", request_id, session)


def unreached(connection: Connection) -> dict[int, list[str]]:
    """By approved request: the months whose archives still hold what it is about."""
    query = (
        "select erasure_id, array_agg(to_char(month, 'YYYY-MM') order by month) from audit.unreached "
        "where locked_until is null group by 1 order by 1"
    )
    return dict(connection.execute(query).fetchall())


def waiting_in_archives(left: dict[int, list[str]]) -> list[str]:
    """The same in words."""
    return [
        f"request {number} to erase was approved, and the archives of {', '.join(months)} still hold what it is about: "
        "run auditlog erase --archives"
        for number, months in left.items()
    ]


def in_words(told: Told) -> str:
    """What goes, such as: 12 events about the record, 1 search or export by it."""
    return ", ".join(f"{count:,} {what}" for count, what, _ in parts(told)) or "nothing"


def parts(told: Told) -> list[tuple[int, str, str]]:
    """(how many, of which kind, what goes of them)."""
    counts = {kind: told["kinds"].get(kind, 0) for kind, *_ in KINDS}
    return [(counts[kind], one if counts[kind] == 1 else many, goes) for kind, one, many, goes in KINDS if counts[kind]]


def not_reached(told: Told) -> list[str]:
    """What an erasure in this database cannot reach."""
    files = told["exports"]
    numbers = ", ".join(map(str, files[:20])) + (" …" if len(files) > 20 else "")
    made = (
        f"{len(files):,} made since the first of these events, see events {numbers}" if files else "none is on record"
    )
    archives = (
        f"Copies of the {told['archives']:,} archives, and versions of them that an object store has locked: until the "
        "lock ends."
    )
    return [
        *([archives] if told["archives"] else []),
        f"Files that were exported: {made}.",
        "Backups, write-ahead log and replicas that lag: until they expire. After restoring one, erase again.",
        "Names that people gave to views that they saved, until they rename or delete them.",
        "What streams and other systems have received, and the record itself in its own table.",
    ]


def about(request: dict[str, Any]) -> str:
    """What a request would erase, such as: contact 42."""
    if request["columns"]:
        return f"{', '.join(request['columns'])} of {request['schema_name']}.{request['table_name']}"
    return f"{request['entity']} {request['record_id']}"


def of_account(person: str) -> bool:
    """Whether it was somebody on the pages, and not a login of the database."""
    return person.startswith("account ")


def state(request: dict[str, Any]) -> str:
    """Where a request stands, in words."""
    if request["approved_by"]:
        by = f"asked by {request['requested_by']}, approved by {request['approved_by']}"
        rest = "; archives not yet reached" if request["unreached"] else ""
        return f"erased on {request['closed_at']:%Y-%m-%d}, {by}{rest}"
    if request["withdrawn_by"]:
        return f"withdrawn on {request['closed_at']:%Y-%m-%d} by {request['withdrawn_by']}"
    return f"waits since {request['requested_at']:%Y-%m-%d} for somebody other than {request['requested_by']}"


def _call(connection: Connection, statement: str, *values: object) -> Any:
    row = connection.execute(statement.encode(), values).fetchone()
    assert row
    return row[0]
