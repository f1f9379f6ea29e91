"""The web application's own events: who signed in, was denied, looked, exported."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from psycopg.types.json import Jsonb

from ..accounts import User
from ..db import Connection
from .hosts import PEER
from .signed_in import current


@dataclass(frozen=True)
class Visitor:
    """Who is asking, and from where. Outlives the request, as the end of a long export does."""

    user_id: str | None
    name: str | None
    context: dict[str, str | None]

    def act(self, connection: Connection) -> None:
        """Name the visitor to the database: what it records in this transaction, it records in their name."""
        connection.execute("select audit.set_actor(%s, %s, null, %s)", (self.user_id, self.name, Jsonb(self.context)))

    def record(
        self,
        connection: Connection,
        action: str,
        entity: str,
        record_id: str | None = None,
        record_label: str | None = None,
        details: dict[str, object] | None = None,
    ) -> int:
        """Write one event in this transaction, in the visitor's name; return its number."""
        self.act(connection)
        row = connection.execute(
            "select audit.record_access(%s, %s, %s, %s, %s)",
            (action, entity, record_id, record_label, Jsonb(details or {})),
        ).fetchone()
        assert row is not None
        return int(row[0])


def visitor(user: User | None = None) -> Visitor:
    """Whoever makes the current request: `user` while signing in, else the one who is signed in."""
    user = user or current().user
    return Visitor(
        user_id=user.user_id if user else None,
        name=user.name if user else None,
        context={
            "ip": request.remote_addr,
            "user_agent": request.user_agent.string[:300],
            **({"proxy": request.environ[PEER]} if PEER in request.environ else {}),
        },
    )
