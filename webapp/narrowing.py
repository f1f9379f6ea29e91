"""Where a page, a count, a chart and an export look for their events: in audit.search and behind its end in the log."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from .db import Connection
from .filters import Filters
from .queries import load
from .scopes import Scope

#: What fills the places {found} and {conditions} of a query.
Filled = dict[str, sql.Composable]


def found(connection: Connection, scope: Scope, *, oldest_first: bool = False) -> sql.Composed:
    """What stands after FROM, without a name: every event once, whether or not audit.search holds it yet.

    Its columns are those that filters ask for.
    """
    return load("found").format(searched=_searched(scope, oldest_first), unfound=unfound(connection))


def unfound(connection: Connection) -> sql.Composed:
    """The same of what audit.search does not hold yet."""
    return load("unfound").format(low=low(connection))


def low(connection: Connection) -> sql.Literal:
    """The number from which on the log is asked.

    It is written into statements: the planner must know how few events that are. An older number is as right, only
    slower.
    """
    row = connection.execute("select low_event_id from audit.searching").fetchone()
    return sql.Literal(row[0] if row else 0)


def narrowed(
    connection: Connection, filters: Filters, scope: Scope, *, oldest_first: bool = False
) -> tuple[Filled, dict[str, Any]]:
    """What fills {found}, {conditions} and {low} of a query, and the parameters. The conditions hold for its rows r."""
    conditions, parameters = filters.conditions(scope)
    where = found(connection, scope, oldest_first=oldest_first)
    return {"found": where, "conditions": conditions, "low": low(connection)}, parameters


def _searched(scope: Scope, oldest_first: bool) -> sql.Composable:
    if not scope.listed:
        return sql.SQL("audit.search")
    # An index is in the report's order for one category: the planner merges several, when each says its order.
    arm = sql.SQL("(select * from audit.search where category = {} order by occurred_at {order}, event_id {order})")
    order = sql.SQL("asc" if oldest_first else "desc")
    return sql.SQL("({})").format(
        sql.SQL(" union all ").join(arm.format(sql.Literal(name), order=order) for name in scope.listed)
    )
