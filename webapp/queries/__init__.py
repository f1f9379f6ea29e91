"""The SQL that the web application runs: one query a file."""

from functools import cache
from importlib import resources
from typing import LiteralString, cast

from psycopg import sql


@cache
def load(name: str) -> sql.SQL:
    """The query in NAME.sql; its {placeholders} are filled with psycopg.sql."""
    text = resources.files(__name__).joinpath(f"{name}.sql").read_text()
    return sql.SQL(cast(LiteralString, text))
