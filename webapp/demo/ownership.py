"""What of a server is the demo's own. It marks what it makes, and never writes into or alters anything else.

Logins belong to the whole server, so an empty database is not enough.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from ..errors import ServerError

MARK = "made by auditlog demo"
MARKED_SCHEMA = "auditlog_demo"  # empty; it says that the tables beside it are the demo's

#: Tables of anybody, but for those that an extension brought.
SOME_TABLE: LiteralString = """
select format('%I.%I', n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend d
                  where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by n.nspname, c.relname
limit 1
"""

Connection = psycopg.Connection[tuple[Any, ...]]


def require_own_database(connection: Connection) -> None:
    """Raise ServerError unless the database is empty, or is one that the demo filled."""
    table = connection.execute(SOME_TABLE).fetchone()
    if table and not _is_marked(connection):
        raise ServerError(
            f'the database "{connection.info.dbname}" is in use (it has the table {table[0]}): '
            "give the demo an empty database (createdb auditlog_demo)"
        )


def mark_database(connection: Connection) -> None:
    """Say that the tables in this database are the demo's, once they are."""
    if not _is_marked(connection):
        schema = sql.Identifier(MARKED_SCHEMA)
        with connection.transaction():
            connection.execute(sql.SQL("create schema {}").format(schema))
            connection.execute(sql.SQL("comment on schema {} is {}").format(schema, sql.Literal(MARK)))


def require_own_logins(connection: Connection, names: Iterable[str], cure: str) -> None:
    """Raise ServerError when one of these logins is there already and somebody else made it."""
    for name in names:
        _has_login(connection, name, cure)


def make_login(connection: Connection, name: str, cure: str) -> None:
    """Make a login of the demo unless it is there. Raises ServerError when it is, and is somebody else's."""
    if not _has_login(connection, name, cure):
        role = sql.Identifier(name)
        with connection.transaction():  # never one without the mark
            connection.execute(sql.SQL("create role {} login").format(role))
            connection.execute(sql.SQL("comment on role {} is {}").format(role, sql.Literal(MARK)))


def _has_login(connection: Connection, name: str, cure: str) -> bool:
    row = connection.execute(
        "select shobj_description(oid, 'pg_authid') from pg_roles where rolname = %s", (name,)
    ).fetchone()
    if row and row[0] != MARK:
        raise ServerError(f'the server has a login "{name}" that the demo did not make, and leaves as it is: {cure}')
    return row is not None


def _is_marked(connection: Connection) -> bool:
    row = connection.execute(
        "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (MARKED_SCHEMA,)
    ).fetchone()
    return row is not None and row[0] == MARK
