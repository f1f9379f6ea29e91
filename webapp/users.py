"""`auditlog user`: people in the reference table users."""

from __future__ import annotations

import secrets

import click
import psycopg

from . import config, passwords
from .connecting import connected
from .errors import AuditLogError
from .explained import explained

ROLES = ["administrator", "auditor", "editor", "member"]


@click.group()
def user() -> None:
    """Add people, change their role, disable them, give them a new password.

    For the table users that `auditlog migrate --reference-tables` creates.
    """


def _run(statement: str, values: tuple[object, ...]) -> None:
    try:
        with connected(config.database_url(), "user", needs="rights on public.users") as connection:
            done = connection.execute(statement.encode(), values)
            if done.rowcount == 0:
                raise AuditLogError(f'there is no user "{values[-1]}"')
    except psycopg.errors.UndefinedTable:
        raise AuditLogError(
            "there is no table users: run `auditlog migrate --reference-tables`, "
            "or manage people in your own application"
        ) from None
    except psycopg.errors.UniqueViolation:
        raise AuditLogError(f'there is a user "{values[1]}" already') from None
    except psycopg.errors.CheckViolation as error:
        raise AuditLogError(
            f"that is not accepted ({error.diag.constraint_name}): give a name and an e-mail address"
        ) from None


def _password(given: bool, *known: str) -> tuple[str, bool]:
    """What to store, and whether it was made up here."""
    if not given:
        return secrets.token_urlsafe(12), True
    password = str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    passwords.check(password, *known)
    return password, False


def _explained(action: str, password: str, made_up: bool) -> None:
    click.echo(f"{action} Password: {password}" if made_up else action)


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="What the report calls the person.")
@click.option("--role", type=click.Choice(ROLES), default="member", show_default=True, help="What the person may do.")
@click.option("--ask-password", is_flag=True, help="Type a password instead of getting a generated one.")
@explained
def add(email: str, name: str, role: str, ask_password: bool) -> None:
    """Add a person and print a generated password.

    Example: auditlog user add mei@example.org --name "Mei Tanaka" --role auditor
    """
    password, made_up = _password(ask_password, email, name)
    _run(
        "insert into public.users (name, email, role, password_hash) values (%s, %s, %s, %s)",
        (name, email, role, passwords.hasher.hash(password)),
    )
    _explained(f"{email} was added as {role}.", password, made_up)


@user.command("set-role")
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES))
@explained
def set_role(email: str, role: str) -> None:
    """Change a person's role.

    Example: auditlog user set-role mei@example.org auditor
    """
    _run("update public.users set role = %s where lower(email) = lower(%s)", (role, email))
    click.echo(f"{email} is now {role}.")


@user.command("disable")
@click.argument("email")
@explained
def disable(email: str) -> None:
    """Shut a person out at once; their history stays.

    Example: auditlog user disable oskar@example.org
    """
    _run("update public.users set active = false where lower(email) = lower(%s)", (email,))
    click.echo(f"{email} is disabled.")


@user.command("reset-password")
@click.argument("email")
@click.option("--ask-password", is_flag=True, help="Type a password instead of getting a generated one.")
@explained
def reset_password(email: str, ask_password: bool) -> None:
    """Give a person a new password; it ends their sessions.

    Example: auditlog user reset-password mei@example.org
    """
    password, made_up = _password(ask_password, email)
    _run(
        "update public.users set password_hash = %s where lower(email) = lower(%s)",
        (passwords.hasher.hash(password), email),
    )
    _explained(f"{email} has a new password.", password, made_up)
