"""Exports contacts with psycopg: psycopg_export.py COMPANY prints them as CSV, connected by the PG* variables."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, BinaryIO

import psycopg
from psycopg.types.json import Jsonb


@dataclass
class User:
    """Whoever is signed in to the application."""

    id: int
    name: str


def export(connection: psycopg.Connection[Any], user: User, company: str, file: BinaryIO) -> None:
    # exporting contacts
    with connection.transaction():  # on record once this has committed
        connection.execute("select audit.set_actor(%s, %s)", (str(user.id), user.name))
        ask = "select audit.request_export('contact', %s, 'csv')"
        ticket = connection.execute(ask, (Jsonb({"company": company}),)).fetchone()
    take = "copy (select * from audit.export_rows(%s, null::contacts)) to stdout (format csv, header)"
    with connection.cursor().copy(take, ticket) as rows:
        file.writelines(rows)
    # end


def main(company: str) -> None:
    with psycopg.connect(autocommit=True, application_name="crm-psycopg") as connection:
        export(connection, User(42, "Priya Raman"), company, sys.stdout.buffer)


main(*sys.argv[1:])
