"""Real writers over real connections, each as an organisation would have them.

None of them knows that there is an audit log; the web application names its user, the others do not.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.json import Jsonb

from .. import embedded
from ..errors import ServerError
from .people import ADMINISTRATOR, COLLEAGUES, EDITORS, GROUPS, contact

Person = tuple[int, str, str, str]
COPIED = 3_000


class ContactsApplication:
    """The organisation's web application: psycopg, and a user named for each transaction."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, application_name="contacts-web")

    @contextmanager
    def request(self, person: Person, number: int) -> Generator[psycopg.Connection[Any]]:
        with self.connection.transaction():
            self.connection.execute(
                "select audit.set_actor(%s, %s, %s, %s)",
                (str(person[0]), person[1], f"req-{number:05d}", Jsonb({"ip": f"192.0.2.{person[0] + 10}"})),
            )
            yield self.connection

    def close(self) -> None:
        self.connection.close()


def add_people(app: ContactsApplication, password_hash: str) -> None:
    """The administrator signs up and invites everybody else."""
    for number, person in enumerate([ADMINISTRATOR, *COLLEAGUES], start=1):
        with app.request(ADMINISTRATOR, number) as connection:
            connection.execute(
                "insert into users (id, name, email, role, password_hash) values (%s, %s, %s, %s, %s)",
                # Only the administrator gets a password that somebody knows.
                (*person, password_hash if person is ADMINISTRATOR else "!"),
            )
    with app.connection.transaction():
        app.connection.execute("select setval(pg_get_serial_sequence('users', 'id'), 100)")


def add_groups(app: ContactsApplication) -> None:
    for number, name in enumerate(GROUPS, start=1):
        with app.request(EDITORS[0], 20 + number) as connection:
            connection.execute("insert into groups (id, name) values (%s, %s)", (number, name))
    with app.connection.transaction():
        app.connection.execute("select setval(pg_get_serial_sequence('groups', 'id'), 100)")


def copy_contacts(url: str, chance: random.Random, kept: list[dict[str, Any]]) -> None:
    """An import job: COPY of a few thousand contacts, with no user to name."""
    first = max(row["id"] for row in kept) + 1
    rows = kept + [{"id": n, **contact(chance, n)} for n in range(first, first + COPIED)]
    columns = [
        "id",
        "first_name",
        "last_name",
        "email",
        "phone",
        "company",
        "address",
        "notes",
        "tags",
        "custom_fields",
        "owner_id",
    ]
    with psycopg.connect(url, application_name="nightly-import") as connection:
        statement = sql.SQL("copy contacts ({}) from stdin").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
        with connection.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row([Jsonb(row[c]) if isinstance(row[c], dict) else row[c] for c in columns])
        connection.execute("select setval(pg_get_serial_sequence('contacts', 'id'), max(id)) from contacts")


def work_day(app: ContactsApplication, chance: random.Random) -> None:
    """Colleagues at work: edits, memberships, a role change, a permission, somebody leaves."""
    ids = [row[0] for row in app.connection.execute("select id from contacts order by id limit 400").fetchall()]
    app.connection.commit()
    number = 100

    def request(person: Person) -> Any:
        nonlocal number
        number += 1
        return app.request(person, number)

    for contact_id in chance.sample(ids, 12):
        with request(chance.choice(EDITORS)) as connection:
            connection.execute(
                "insert into contact_groups (contact_id, group_id) values (%s, %s)",
                (contact_id, chance.randint(1, 5)),
            )
    for contact_id in chance.sample(ids, 8):
        with request(chance.choice(EDITORS)) as connection:
            connection.execute(
                "update contacts set email = %s, notes = %s where id = %s",
                (f"new{contact_id}@example.net", "Changed jobs in November.", contact_id),
            )
    with request(EDITORS[1]) as connection:
        connection.execute(
            "insert into contacts (first_name, last_name, email, company, owner_id) "
            "values ('Ingrid', 'Sørensen', 'ingrid@example.net', 'Fjord Energy', 3)"
        )
    with request(EDITORS[2]) as connection:
        connection.execute("delete from contacts where id = %s", (chance.choice(ids),))
    with request(ADMINISTRATOR) as connection:
        connection.execute("update users set role = 'editor' where id = 5")
    with request(ADMINISTRATOR) as connection:
        connection.execute("insert into user_permissions (user_id, permission) values (3, 'audit.view')")
    with request(EDITORS[0]) as connection:
        connection.execute(
            "update groups set name = 'Customers 2026', description = 'Everybody with an order this year' where id = 1"
        )
    with request(EDITORS[0]) as connection:
        connection.execute("delete from groups where id = 4")
    with request(ADMINISTRATOR) as connection:
        connection.execute("delete from users where id = 7")


def export_by_ticket(app: ContactsApplication, person: Person) -> int:
    """Contacts leave only after their export is on record: ask, commit, take."""
    with app.request(person, 300) as connection:
        row = connection.execute(
            "select audit.request_export('contact', %s, 'csv', 'Christmas cards')",
            (Jsonb({"company": "Lumen Studio"}),),
        ).fetchone()
    assert row is not None
    with app.request(person, 301) as connection:
        return len(connection.execute("select * from audit.export_rows(%s, null::contacts)", row).fetchall())


def other_driver(url: str) -> None:
    """A second application with another driver, pg8000, which knows nothing of set_actor."""
    import pg8000.native

    parts = conninfo_to_dict(url)
    host = str(parts.get("host", "localhost"))
    where: dict[str, Any] = {"host": host, "port": int(parts.get("port") or 5432)}
    if host.startswith("/"):
        where = {"unix_sock": f"{host}/.s.PGSQL.{parts.get('port') or 5432}"}
    try:
        connection = pg8000.native.Connection(
            str(parts["user"]),
            database=str(parts["dbname"]),
            password=parts.get("password"),
            application_name="crm-sync",
            **where,
        )
        try:
            connection.run("start transaction")
            # The bare setting, for drivers and languages that would rather not call a function.
            connection.run("select set_config('audit.actor_id', 'crm-sync-job', true)")
            connection.run(
                "update contacts set phone = :phone where id in (select id from contacts order by id limit 3)",
                phone="+00 555 777000",
            )
            connection.run("commit")
        finally:
            connection.close()
    except (pg8000.native.InterfaceError, pg8000.native.DatabaseError) as error:
        raise ServerError(f"pg8000, the demo's second driver, failed: {error}") from None


def dba_in_psql(url: str) -> None:
    """Somebody at a psql prompt, who names nobody."""
    try:
        program = str(embedded.psql())
    except ServerError:
        program = shutil.which("psql") or ""
    if not program:
        raise ServerError("psql was not found: install PostgreSQL's client programs")
    statement = "update contacts set company = 'Harbour and Sons' where company = 'Harbour & Sons' and id < 60;"
    done = subprocess.run(  # noqa: S603 - a program of ours, fixed statement
        [program, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command", statement],
        env=_environment(url),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerError(f"psql failed: {done.stderr.strip()}")


def _environment(url: str) -> dict[str, str]:
    # In the environment, because a command line can be read by everybody on the machine.
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "dbname": "PGDATABASE",
        "password": "PGPASSWORD",
    }
    return {names[k]: str(v) for k, v in conninfo_to_dict(url).items() if k in names and v is not None} | {
        "PGAPPNAME": "psql"
    }
