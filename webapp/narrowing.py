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


#: Events that audit.search may lack are looked for in the log, but for pages only up to so many. When more were written
#: at once, a page shows what audit.search holds, and says so, rather than read them all for every reader.
MOST_UNFOUND = 5_000
NO_EVENT = 2**63 - 1  # none has a higher number


def found(connection: Connection, scope: Scope) -> sql.Composed:
    """What stands after FROM, without a name: every event once, whether or not audit.search holds it yet.

    Its columns are those that filters ask for.
    """
    return _found(scope, low(connection))


def unfound(connection: Connection) -> sql.Composed:
    """The same of what audit.search does not hold yet."""
    return load("unfound").format(low=low(connection))


def low(connection: Connection, *, is_whole: bool = False) -> sql.Literal:
    """The number from which on the log is asked; `is_whole`: even when is_behind().

    It is written into statements: the planner must know how few events that are. An older number is as right, only
    slower.
    """
    number, numbers = _backlog(connection)
    return sql.Literal(number if is_whole or numbers <= MOST_UNFOUND else NO_EVENT)


def is_behind(connection: Connection) -> bool:
    """Whether so much was written that pages leave the newest events out."""
    return _backlog(connection)[1] > MOST_UNFOUND


def narrowed(
    connection: Connection, filters: Filters, scope: Scope, *, oldest_first: bool = False
) -> tuple[Filled, dict[str, Any]]:
    """What fills {found}, {conditions} and {low} of a query, and the parameters. The conditions hold for its rows r."""
    conditions, parameters = filters.conditions(scope)
    begin = low(connection, is_whole=filters.are_about_records())  # which the log has an index for, too
    return {"found": _found(scope, begin, oldest_first), "conditions": conditions, "low": begin}, parameters


def _found(scope: Scope, begin: sql.Literal, oldest_first: bool = False) -> sql.Composed:
    return load("found").format(searched=_searched(scope, oldest_first), unfound=load("unfound").format(low=begin))


def _backlog(connection: Connection) -> tuple[int, int]:
    row = connection.execute("select low_event_id, numbers from audit.search_backlog()").fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _searched(scope: Scope, oldest_first: bool) -> sql.Composable:
    if not scope.listed:
        return sql.SQL("audit.search")
    # An index is in the report's order for one category: the planner merges several, when each says its order.
    arm = sql.SQL("(select * from audit.search where category = {} order by occurred_at {order}, event_id {order})")
    order = sql.SQL("asc" if oldest_first else "desc")
    return sql.SQL("({})").format(
        sql.SQL(" union all ").join(arm.format(sql.Literal(name), order=order) for name in scope.listed)
    )
