"""What would take changes back: the statements of audit.restore_sql(), shown and never run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from .db import Connection

#: Taken back at once; a longer way back is gone in steps.
MOST = 50
UNDONE = {"insert", "update", "delete", "truncate"}
#: Why a change cannot be taken back, as audit.restore_sql() says it.
REFUSALS = (
    psycopg.errors.ObjectNotInPrerequisiteState,  # erased
    psycopg.errors.FeatureNotSupported,
    psycopg.errors.InvalidParameterValue,
    psycopg.errors.NoDataFound,
    psycopg.errors.UndefinedObject,
    psycopg.errors.UndefinedTable,
    psycopg.errors.InvalidSchemaName,
)


@dataclass(frozen=True)
class Way:
    """How to take some changes back, newest first; or why it cannot be told."""

    statements: str = ""
    changes: int = 0
    refusal: str = ""


def way(connection: Connection, event_ids: Sequence[int]) -> Way:
    """The statements that take back these events, newest first, each of which the reader has been let see."""
    if len(event_ids) > MOST:
        return Way(refusal=f"More than {MOST} changes lie in between. Choose a later moment, and go back in steps.")
    try:
        with connection.transaction():  # a refusal leaves the page's own transaction alone
            found = [connection.execute("select audit.restore_sql(%s)", (e,)).fetchone() for e in event_ids]
    except REFUSALS as refused:
        said = (refused.diag.message_primary or "").removeprefix("audit.restore_sql: ")
        return Way(refusal=" ".join(f"{part.rstrip('.')}." for part in (said, refused.diag.message_hint) if part))
    return Way("\n".join(str(row[0]) for row in found if row), len(event_ids))
