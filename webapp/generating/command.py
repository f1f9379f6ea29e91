"""`scripts/generate-events`: its options and its progress."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from .. import config
from ..connecting import connected
from ..explained import explained
from .generator import generate


@click.command()
@click.option("--events", type=click.IntRange(1), default=10_000_000, show_default=True, help="Events in all.")
@click.option(
    "--months", type=click.IntRange(1, 120), default=12, show_default=True, help="The last so many, this one included."
)
@explained
def generate_events(events: int, months: int) -> None:
    """Fill a log with invented events, to measure the report on. Never where the log is to be believed.

    The database of AUDITLOG_DATABASE_URL must have the tables of `auditlog migrate --reference-tables`. A second run
    goes on where the first one stopped.

    \b
    Example:
      scripts/generate-events --events 1000000
    """
    needs = "superuser, or the ownership of the database"
    with connected(config.database_url(), "generate-events", needs=needs) as connection:
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        console = Console(stderr=True)
        with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("Generating", total=events)
            generated = generate(connection, events, months, on_progress=lambda done: bar.update(task, advance=done))
    click.echo(f"{generated:,} events generated." if generated else "Every month has its share of events already.")


if __name__ == "__main__":
    generate_events()
