"""Who is signed in, kept in audit.web_sessions: the browser has a random token, the table its hash."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from . import tokens
from .accounts import User, user_query
from .config import SessionLimits
from .db import Connection

#: Key of a session's data: what its person may do in place of what audit.web_users says.
PERMISSIONS = "permissions"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits


@dataclass(frozen=True)
class Session:
    """What is known of one session: signed in, or on the way to it."""

    session_id: int
    proved_ago: timedelta | None  # since the person last proved who they are, by the clock of the database
    data: dict[str, Any]
    user: User | None


@dataclass(frozen=True)
class Place:
    """A session as its owner sees it in a list."""

    session_id: int
    started_at: datetime
    last_seen_at: datetime
    client_addr: str | None
    user_agent: str | None
    this: bool


def find(connection: Connection, token: str, limits: SessionLimits) -> Session | None:
    """The session of a token and its user, in one query. None when it is over.

    It is over, too, when the account was disabled, removed, or has another password or other permissions since.
    """
    wanted = {"token_hash": tokens.hashed(token), "idle": limits.idle, "longest": limits.longest}
    with connection.cursor(row_factory=dict_row) as rows:
        row = rows.execute(user_query("user_of_session"), wanted).fetchone()
    if row is None:
        return None
    user = None
    if row["account"] is not None:
        user = User(**{field.name: row[field.name] for field in fields(User)}) if row["user_id"] is not None else None
        if user is None or not user.active or user.fingerprint != row["account"]:
            end(connection, token, "account")
            return None
        if PERMISSIONS in row["data"]:
            user = replace(user, permissions=row["data"][PERMISSIONS])
    return Session(row["session_id"], row["proved_ago"], row["data"], user)


def begin(
    connection: Connection,
    limits: SessionLimits,
    *,
    user: User | None = None,
    client_addr: str | None = None,
    user_agent: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> tuple[str, Session]:
    """A new session and its token; without a user, one that waits for the next step of signing in.

    Sessions that are over are cleaned up on the way.
    """
    connection.execute("select audit.expire_sessions(%s, %s)", (limits.idle, limits.longest))
    token = tokens.new()
    who = (user.user_id, user.name, user.fingerprint) if user else (None, None, None)
    kept = dict(data or {})
    row = connection.execute(
        "select audit.begin_session(%s, %s, %s, %s, %s, %s, %s)",
        (tokens.hashed(token), *who, client_addr, user_agent, _json(kept)),
    ).fetchone()
    assert row is not None
    return token, Session(row[0], timedelta() if user else None, kept, user)


def keep(connection: Connection, token: str, data: Mapping[str, Any]) -> None:
    """Note something in a session for its next request."""
    connection.execute("select audit.keep_session(%s, %s)", (tokens.hashed(token), _json(dict(data))))


def renew(connection: Connection, token: str) -> str:
    """The person has just proved again who they are: the session gets another token, which is returned."""
    new = tokens.new()
    connection.execute("select audit.renew_session(%s, %s)", (tokens.hashed(token), tokens.hashed(new)))
    return new


def end(connection: Connection, token: str, reason: str | None = None, session_id: int | None = None) -> bool:
    """End this session, or by its number another one of the same person; false when there is none.

    Recorded as sign_out, in the name of whom audit.set_actor() has named in this transaction.
    """
    row = connection.execute(
        "select audit.end_session(%s, %s, %s)", (tokens.hashed(token), reason, session_id)
    ).fetchone()
    return bool(row and row[0])


def end_others(connection: Connection, token: str) -> int:
    """End all sessions of the same person but this one; how many there were."""
    row = connection.execute("select audit.end_other_sessions(%s, 'elsewhere')", (tokens.hashed(token),)).fetchone()
    return int(row[0]) if row else 0


def places(connection: Connection, token: str, limits: SessionLimits) -> list[Place]:
    """Where the person of this session is signed in: this one first, then the latest."""
    with connection.cursor(row_factory=class_row(Place)) as rows:
        query = "select * from audit.list_sessions(%s, %s, %s)"
        return rows.execute(query, (tokens.hashed(token), limits.idle, limits.longest)).fetchall()


def _json(data: Mapping[str, Any]) -> Jsonb:
    # Numbers with a fraction come back from the database as Decimal.
    return Jsonb(data, dumps=partial(json.dumps, default=float))
