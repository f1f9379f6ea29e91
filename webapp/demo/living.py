"""A small writer that keeps the demo's page alive. Runs until its standard input ends."""

from __future__ import annotations

import os
import random
import select
import sys

import psycopg

from .people import EDITORS, NOTES, contact
from .writers import ContactsApplication

SECONDS = 5.0
KEEP = 40  # contacts it made itself; beyond that it deletes the oldest


def main() -> None:
    chance = random.Random()  # noqa: S311 - a demo, not a secret
    app = ContactsApplication(os.environ["DEMO_WRITER_URL"])
    number = 1_000
    while not select.select([sys.stdin], [], [], SECONDS)[0]:
        number += 1
        with app.request(chance.choice(EDITORS), number) as connection:
            _one_thing(connection, chance, number)


def _one_thing(connection: psycopg.Connection, chance: random.Random, number: int) -> None:
    new = contact(chance, chance.randint(500_000, 999_999))
    if number % 3 == 0:
        connection.execute(
            "insert into contacts (first_name, last_name, email, phone, company, tags) "
            "values (%s, %s, %s, %s, %s, '{live}')",
            (new["first_name"], new["last_name"], new["email"], new["phone"], new["company"]),
        )
        connection.execute(
            "delete from contacts where id in "
            "(select id from contacts where tags = '{live}' order by id desc offset %s)",
            (KEEP,),
        )
    else:
        connection.execute(
            "update contacts set phone = %s, notes = %s where id = (select id from contacts order by random() limit 1)",
            (new["phone"], chance.choice(NOTES)),
        )


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, psycopg.OperationalError):
        sys.exit(0)  # the demo is ending, and its server with it
