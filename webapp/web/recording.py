"""The web application's own events: who signed in, was denied, exported."""

from __future__ import annotations

from flask import request
from flask_login import current_user
from psycopg.types.json import Jsonb

from ..db import Connection


def record(
    connection: Connection,
    action: str,
    entity: str,
    record_id: str | None = None,
    record_label: str | None = None,
    details: dict[str, object] | None = None,
) -> int:
    """Write one event in this transaction, as the person who is signed in."""
    known = current_user.is_authenticated
    context = {"ip": request.remote_addr, "user_agent": (request.user_agent.string or "")[:300]}
    connection.execute(
        "select audit.set_actor(%s, %s, null, %s)",
        (current_user.user_id if known else None, current_user.name if known else None, Jsonb(context)),
    )
    row = connection.execute(
        "select audit.record_access(%s, %s, %s, %s, %s)",
        (action, entity, record_id, record_label, Jsonb(details or {})),
    ).fetchone()
    assert row is not None
    return int(row[0])
