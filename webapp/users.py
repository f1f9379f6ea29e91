"""`auditlog user`: people in the reference table users, and what they sign in with."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import click
import psycopg

from . import config, password_links
from .connecting import connected
from .db import Connection
from .errors import AuditLogError
from .explained import explained

ROLES = ["administrator", "auditor", "editor", "member"]
NO_PASSWORD = "!"  # noqa: S105 - the hash of nothing
DISABLE = """
with person as (update public.users set active = false where lower(email) = lower(%(email)s) returning id)
select audit.end_sessions_of(id::text) from person
"""


@click.group()
def user() -> None:
    """Manage the people who may sign in.

    For the table users that `auditlog migrate --reference-tables` creates.
    """


@contextmanager
def _people(email: str) -> Generator[Connection]:
    """A transaction; what goes wrong in it is said of this person."""
    try:
        with connected(config.database_url(), "user", needs="the role audit_admin and rights on users") as connection:
            yield connection
    except psycopg.errors.UndefinedTable:
        raise AuditLogError(
            "there is no table users: run `auditlog migrate --reference-tables`, "
            "or manage people in your own application"
        ) from None
    except psycopg.errors.UniqueViolation:
        raise AuditLogError(
            f'there is a user "{email}" already: change them with `auditlog user set-role`, or print a new link with '
            "`auditlog user reset-password`"
        ) from None
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name == "users_email_check":
            raise AuditLogError(f'"{email}" is no e-mail address: write it as mei@example.org') from None
        raise AuditLogError(f'the name of "{email}" is empty: give one with --name "Mei Tanaka"') from None
    except psycopg.errors.UndefinedObject:
        raise _nobody(email) from None
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise AuditLogError(
            "passwords are not kept here: audit.web_users shows those of another application. Change the password there"
        ) from None


def _nobody(email: str) -> AuditLogError:
    return AuditLogError(f'there is no user "{email}"')


def change(email: str, statement: str, **values: object) -> None:
    """Run a statement that finds the person by %(email)s; raises AuditLogError when there is none."""
    with _people(email) as connection:
        if connection.execute(statement.encode(), values | {"email": email}).rowcount == 0:
            raise _nobody(email)


def _link(connection: Connection, email: str) -> str:
    """What to tell the person."""
    address, expires_at = password_links.issue(connection, email)
    return (
        f"Hand over this link, good for one use until {expires_at:%Y-%m-%d %H:%M} UTC, to choose a password:\n"
        f"{config.public_url()}{address}"
    )


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="What the report calls the person.")
@click.option("--role", type=click.Choice(ROLES), default="member", show_default=True, help="What the person may do.")
@explained
def add(email: str, name: str, role: str) -> None:
    """Add a person.

    It prints a link by which they choose a password.

    \b
    Example:
      auditlog user add mei@example.org --name "Mei Tanaka" --role auditor
    """
    with _people(email) as connection:
        statement = "insert into public.users (name, email, role, password_hash) values (%s, %s, %s, %s)"
        connection.execute(statement, (name, email, role, NO_PASSWORD))
        link = _link(connection, email)
    click.echo(f"{email} was added as {role}. {link}")


@user.command("set-role")
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES))
@explained
def set_role(email: str, role: str) -> None:
    """Change a person's role.

    \b
    Example:
      auditlog user set-role mei@example.org auditor
    """
    change(email, "update public.users set role = %(role)s where lower(email) = lower(%(email)s)", role=role)
    click.echo(f"{email} is now {role}.")


@user.command("disable")
@click.argument("email")
@explained
def disable(email: str) -> None:
    """Shut a person out at once.

    They are signed out everywhere; their history stays.

    \b
    Example:
      auditlog user disable oskar@example.org
    """
    change(email, DISABLE)
    click.echo(f"{email} is disabled.")


@user.command("sign-out")
@click.argument("email")
@explained
def sign_out(email: str) -> None:
    """End all sessions of a person, who may sign in again.

    \b
    Example:
      auditlog user sign-out mei@example.org
    """
    change(email, "select audit.end_sessions_of(user_id) from audit.web_users where login = lower(%(email)s)")
    click.echo(f"{email} is signed out everywhere.")


@user.command("reset-password")
@click.argument("email")
@explained
def reset_password(email: str) -> None:
    """Print a link by which a person chooses a new password.

    Choosing one ends their sessions.

    It replaces earlier links. The old password works until then: to shut somebody out, use disable.

    \b
    Example:
      auditlog user reset-password mei@example.org
    """
    with _people(email) as connection:
        link = _link(connection, email)
    click.echo(link)


@user.command("reset-totp")
@click.argument("email")
@explained
def reset_totp(email: str) -> None:
    """Let a person sign in without a code.

    For whoever lost authenticator app and recovery codes.

    \b
    Example:
      auditlog user reset-totp mei@example.org
    """
    with _people(email) as connection:
        statement = "select audit.remove_totp(user_id) from audit.web_users where login = lower(%s)"
        row = connection.execute(statement, (email,)).fetchone()
    if row is None:
        raise _nobody(email)
    click.echo(f"{email} signs in without a code{'' if row[0] else ', as before'}.")
