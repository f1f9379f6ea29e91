"""`auditlog track` and `auditlog untrack`: which tables are captured, and how."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import click
import psycopg

from . import config
from .as_commands import as_commands
from .connecting import connected
from .errors import AuditLogError
from .explained import explained

#: What PostgreSQL before 16 says of a text that cannot be the name of a table.
NO_NAME = (psycopg.errors.InvalidName, psycopg.errors.SyntaxError, psycopg.errors.FeatureNotSupported)


@contextmanager
def _administration(command: str, table: str) -> Generator[psycopg.Connection[Any]]:
    """A transaction in a database where `table` is one; raises AuditLogError when it is none."""
    needs = "the role audit_admin and the ownership of the table"
    with connected(config.database_url(), command, needs=needs) as connection:
        connection.add_notice_handler(_pass_on)
        try:
            known = connection.execute("select to_regclass(%s) is not null", (table,)).fetchone() == (True,)
        except NO_NAME:
            known = False
        if not known:
            raise AuditLogError(
                f'there is no table "{table}": write it with its schema, such as public.contacts, '
                "and in double quotes where it has capitals or dots, such as 'public.\"Order.Lines\"'"
            )
        yield connection


def _pass_on(notice: psycopg.errors.Diagnostic) -> None:
    if notice.severity_nonlocalized == "WARNING":
        said = (notice.message_primary, notice.message_detail, as_commands(notice.message_hint or ""))
        click.echo("Warning: " + "\n  ".join(part for part in said if part), err=True)


def _columns(context: click.Context, option: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [part.strip() for part in value.split(",") if part.strip()]


def _wanted(given: dict[str, Any], name: str, nothing: object) -> object:
    """What is sent for an option: its value, `nothing` for its opposite, and without either NULL, which keeps it."""
    if not given[f"no_{name}"]:
        return given[name]
    if given[name] is not None:
        raise click.UsageError(f"--{name} and --no-{name} contradict each other: give one of them")
    return nothing


@click.command()
@click.argument("table")
@click.option("--entity", help="Kind of record, such as contact. Default: the table's name.")
@click.option("--label", callback=_columns, help="Columns that name the record, with commas.")
@click.option("--no-label", is_flag=True, help="No column names the record.")
@click.option("--exclude", callback=_columns, help="Columns never stored.")
@click.option("--no-exclude", is_flag=True, help="Every column is stored.")
@click.option("--mask", callback=_columns, help="Columns of which only the change is stored.")
@click.option("--no-mask", is_flag=True, help="No column is masked from now on.")
@click.option("--parent", help="Column with the key of the record that a row belongs to.")
@click.option("--no-parent", is_flag=True, help="A row belongs to no other record.")
@click.option("--baseline", is_flag=True, help="Also record the rows that are there now.")
@explained
def track(table: str, baseline: bool, **given: Any) -> None:
    """Start capture on TABLE, or change how. What no option names stays as it is.

    Writers to the table wait while triggers are made (lock SHARE ROW EXCLUSIVE; ACCESS EXCLUSIVE where some go).
    Rows for --baseline are read after that, and nobody waits; without a primary key, or with --parent, writers do.

    \b
    Example:
      auditlog track public.contacts --entity contact --label first_name,last_name
    """
    columns = [_wanted(given, name, []) for name in ("label", "exclude", "mask")]
    values = (table, given["entity"], *columns, _wanted(given, "parent", ""))
    with _administration("track", table) as connection:
        connection.execute("select audit.track(%s::regclass, %s, %s, %s, %s, %s)", values)
        if baseline:
            _record_baseline(connection, table)
    click.echo(f"{table} is tracked.")


def _record_baseline(connection: psycopg.Connection[Any], table: str) -> None:
    """In a transaction of its own, so that writers wait for the triggers only and not for the rows to be read."""
    connection.commit()
    try:
        connection.execute("select audit.record_baseline(%s::regclass, only_older => true)", (table,))
    except psycopg.errors.FeatureNotSupported:  # its rows are not told apart by a key
        connection.rollback()
        connection.execute("select audit.track(%s::regclass, baseline => true)", (table,))


@click.command()
@click.argument("table")
@explained
def untrack(table: str) -> None:
    """Stop capture on TABLE. What was recorded stays.

    Readers and writers of the table wait while its triggers are dropped (lock ACCESS EXCLUSIVE).

    \b
    Example:
      auditlog untrack public.contacts
    """
    with _administration("untrack", table) as connection:
        connection.execute("select audit.untrack(%s::regclass)", (table,))
    click.echo(f"{table} is no longer tracked.")
