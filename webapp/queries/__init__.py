"""The SQL that the web application runs: one query a file. {name.sql} in it stands for that file."""

import re
from functools import cache
from importlib import resources
from typing import LiteralString, cast

from psycopg import sql


@cache
def load(name: str) -> sql.SQL:
    """The query in NAME.sql; its {placeholders} are filled with psycopg.sql."""
    return sql.SQL(cast(LiteralString, _text(f"{name}.sql")))


def _text(file: str) -> str:
    text = resources.files(__name__).joinpath(file).read_text(encoding="utf-8")
    return re.sub(r"\{(\w+\.sql)\}", lambda found: _text(found[1]), text)
