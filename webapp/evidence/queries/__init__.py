"""The SQL of sealing and verifying: one query a file."""

from functools import cache
from importlib import resources
from typing import LiteralString, cast

from psycopg import sql


@cache
def load(name: str) -> sql.SQL:
    """The query in NAME.sql, with the bytes that are sealed in place of {sealable}."""
    text = resources.files(__name__).joinpath(f"{name}.sql").read_text()
    if "{sealable}" in text:
        text = text.replace("{sealable}", load("sealable").as_string(None))
    return sql.SQL(cast(LiteralString, text))
