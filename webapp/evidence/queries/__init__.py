"""The SQL of sealing and verifying: one query a file."""

from functools import cache
from importlib import resources
from typing import LiteralString, cast

from psycopg import sql


@cache
def load(name: str) -> sql.SQL:
    """The query in NAME.sql, with that of {sealable} or {seals} in its place."""
    text = resources.files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    for part in ("sealable", "seals"):
        if f"{{{part}}}" in text:
            text = text.replace(f"{{{part}}}", load(part).as_string(None))
    return sql.SQL(cast(LiteralString, text))
