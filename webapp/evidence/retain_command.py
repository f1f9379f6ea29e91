"""Commands about how long events stay: auditlog retain, and auditlog hold."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from typing import Any

import click
from rich.console import Console

from .. import config
from ..connecting import connected
from ..explained import explained
from . import archiving, reaching, retention
from .places import Place, PlaceOption

NEEDS = "the role audit_admin"
progress = Console(stderr=True, quiet=not sys.stderr.isatty())
moment = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])


class _End(click.DateTime):
    """A moment, or a day to its end: what is held must not lose its last day."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        found = super().convert(value, param, ctx)
        return found + timedelta(days=1) if isinstance(value, str) and "T" not in value else found


def _months(context: click.Context, option: click.Parameter, value: str) -> int:
    found = re.fullmatch(r"(\d{1,4})(m|y)", value)
    if not found or not int(found[1]):
        raise click.BadParameter(f'"{value}" is no time: write 24m for months, or 2y for years; at least one month')
    return int(found[1]) * (12 if found[2] == "y" else 1)


@click.command()
@click.option("--keep", required=True, callback=_months, metavar="24m|2y", help="What stays in the log.")
@click.option(
    "--to",
    "place",
    required=True,
    type=PlaceOption(exists=False),
    help="Folder of the archives, or s3://bucket/folder.",
)
@click.option("--dry-run", is_flag=True, help="Only say which months would leave.")
@explained
def retain(keep: int, place: Place, dry_run: bool) -> None:
    """Move old months out of the log.

    Each month that is closed, and older, goes into a Parquet file: written, read back, then dropped from the log.

    Before that, it erases in archives what was approved since it last ran.

    Exit code 1 when something keeps a month in the log: it is named. Ended at any point, the next run goes on.

    \b
    Example:
      auditlog retain --keep 24m --to s3://crm-archive/log
    """
    archiving.arrow()  # before anything is looked at
    missed = False
    with connected(config.database_url(), "retain", needs=NEEDS) as connection:
        if not dry_run:
            missed = reaching.told(connection, place)
        months = retention.closed_months(connection, retention.limit(keep))
        connection.commit()
        if not months:
            click.echo("No month is older than that.")
        for month in months:
            what = f"{month.name}: {month.events:,} events"
            if month.kept_by:
                click.echo(f"{what} stay, kept by {month.kept_by}")
            elif dry_run:
                waits = retention.unsealed(connection, month)
                first = f", once {waits:,} of them are sealed: run auditlog seal" if waits else ""
                click.echo(f"{what} would go to {place.address(retention.file_of(month, connection))}{first}")
            else:
                with progress.status(f"Archiving {what}"):
                    address = place.address(retention.file_of(month, connection))
                    size = retention.retire(connection, month, place).stat().st_size
                click.echo(f"{what} left the log ({month.size:,} bytes) and are in {address} ({size:,} bytes)")
    sys.exit(1 if missed or any(month.kept_by for month in months) else 0)


@click.group()
def hold() -> None:
    """Keep events from leaving the log: legal holds."""


@hold.command()
@click.option("--reason", required=True, help="Why, for whoever asks.")
@click.option("--entity", help="Kind of record, such as contact.")
@click.option("--record", help="Its key.")
@click.option("--since", type=moment, help="Beginning of a period, UTC.")
@click.option("--until", type=_End(moment.formats), help="Its end: a day is included, a time is not.")
@explained
def add(reason: str, entity: str | None, record: str | None, since: datetime | None, until: datetime | None) -> None:
    """Keep the events of a record, or of a period. Adding the same again does nothing.

    \b
    Example:
      auditlog hold add --entity contact --record 42 --reason "claim 17"
    """
    if bool(entity) != bool(record):
        raise click.UsageError("--entity and --record go together")
    if not (record or since or until):
        raise click.UsageError("say what: a record with --entity and --record, or a period with --since and --until")
    if bool(since) != bool(until):
        raise click.UsageError("--since and --until go together")
    if since and until and since >= until:
        raise click.UsageError("--until must be later than --since")
    with connected(config.database_url(), "hold", needs=NEEDS) as connection:
        connection.execute("set local timezone = 'UTC'")
        row = connection.execute(
            "select audit.add_hold(%s, %s, %s, %s::timestamptz, %s::timestamptz)",
            (reason, entity, record, since, until),
        ).fetchone()
        assert row
        (number,) = row
        earlier = connection.execute("select from audit.holds where hold_id = %s and created_at < now()", row)
        again = "already " if earlier.fetchone() is not None else ""
    click.echo(f"Hold {number} {again}keeps them, until: auditlog hold release {number}")


@hold.command("list")
@explained
def list_() -> None:
    """Show all holds.

    \b
    Example:
      auditlog hold list
    """
    with connected(config.database_url(), "hold", needs=NEEDS) as connection:
        connection.execute("set local timezone = 'UTC'")
        found = connection.execute(
            "select hold_id, entity, record_id, since, until, reason, created_by, created_at "
            "from audit.holds order by 1"
        ).fetchall()
    if not found:
        click.echo("There is no hold.")
    for number, entity, record, since, until, reason, by, at in found:
        period = f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC" if since else ""
        what = ", ".join(part for part in (f"{entity or ''} {record or ''}".strip(), period) if part)
        click.echo(f"{number}: {what}: {reason} (by {by}, {at:%Y-%m-%d})")


@hold.command()
@click.argument("number", type=int)
@explained
def release(number: int) -> None:
    """End a hold.

    \b
    Example:
      auditlog hold release 3
    """
    with connected(config.database_url(), "hold", needs=NEEDS) as connection:
        connection.execute("select audit.release_hold(%s)", (number,))
    click.echo(f"Hold {number} is released.")
