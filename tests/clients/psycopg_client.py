"""Writes one contact with psycopg: psycopg_client.py named|unnamed EMAIL, connected by the PG* variables."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import psycopg


@dataclass
class User:
    """Whoever is signed in to the application."""

    id: int
    name: str


def save(connection: psycopg.Connection[Any], email: str) -> None:
    connection.execute(
        "insert into contacts (first_name, last_name, email) values (%s, %s, %s)", ("Ada", "Lovelace", email)
    )


def save_for(connection: psycopg.Connection[Any], user: User, contact: str) -> None:
    # naming the user
    with connection.transaction():
        connection.execute("select audit.set_actor(%s, %s)", (str(user.id), user.name))
        save(connection, contact)
    # end


def main(how: str, email: str) -> None:
    with psycopg.connect(autocommit=True, application_name="crm-psycopg") as connection:
        if how == "named":
            save_for(connection, User(42, "Priya Raman"), email)
        else:
            save(connection, email)


if __name__ == "__main__":
    main(*sys.argv[1:])
