"""`auditlog status`: whether everything is well, for people, programs and monitoring."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from . import config, events, metrics, web_logins, wording
from .as_commands import as_commands
from .connecting import connected
from .evidence import erasing
from .explained import explained
from .streaming import cursors


@click.command()
@click.option("--json", "form", flag_value="json", help="For programs.")
@click.option("--metrics", "form", flag_value="metrics", help="For Prometheus, such as its textfile collector.")
@explained
def status(form: str | None) -> None:
    """Tell whether all is well.

    Capture is whole, the log sealed, what was to be erased gone from archives, and people can sign in.

    Exit code 0 when it is so, 1 when it is not.

    \b
    Example:
      auditlog status --json
    """
    needs = "one of the roles audit_reader, audit_web and audit_admin"
    with connected(config.database_url(), "status", needs=needs, autocommit=True) as connection:
        tables = events.status(connection)
        seals = events.sealing(connection)
        streams = cursors.progress(connection)
        behind = events.search_lag(connection)
        unreached = erasing.unreached(connection)
        people = events.people_problems(connection)
        logins = web_logins.problems(connection)
    problems = [table for table in tables if table["problem"]]
    if form == "json":
        found = {
            "whole": not problems,
            "tables": tables,
            "seals": seals,
            "search": {**behind, "lag": behind["lag"].total_seconds()},
            "streams": [asdict(one) for one in streams],
            "unreached_by_erasures": unreached,
            "people": people,
            "logins": logins,
        }
        click.echo(json.dumps(found, default=str, indent=2))
    elif form == "metrics":
        click.echo(metrics.text(tables, seals, streams, behind, len(unreached)), nl=False)
    else:
        _say(tables, seals)
        if tables:
            click.echo(wording.searching(behind["lag"]))
        for one in streams:
            click.echo(f"Stream {one}.")
        for line in erasing.waiting_in_archives(unreached):
            click.echo(f"{line[0].upper()}{line[1:]}.")
        for wrong in people:
            click.echo(f"{wrong['problem'][:1].upper()}{wrong['problem'][1:]}. {wrong['cure']}")
        for wrong in logins:
            click.echo(f'The login "{wrong["login"]}" of the web application {wrong["problem"]}. {wrong["cure"]}')
    sys.exit(1 if problems or unreached or people or logins else 0)


def _say(tables: list[dict[str, Any]], seals: dict[str, Any] | None) -> None:
    if not tables:
        click.echo("No table is tracked yet. Start with: auditlog track public.contacts")
    elif sys.stdout.isatty():
        Console().print(status_table(tables))
    else:
        for table in tables:
            click.echo("  ".join(_cells(table, zone=" UTC")))
    if seals:
        said = (
            f"Sealed: {seals['events']:,} events by checkpoint {seals['checkpoint']} of {_time(seals['sealed_at'])} UTC"
        )
        if seals["unsealed_since"]:
            said += f"; the oldest without a seal is of {_time(seals['unsealed_since'])} UTC"
        click.echo(f"{said}.")


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _cells(table: dict[str, Any], *, zone: str = "") -> list[str]:
    times = [_time(at) + zone if (at := table[name]) else "–" for name in ("tracked_since", "last_event")]
    # The log itself, which is listed when it is damaged, has no entity.
    return [table["table_name"], table["entity"] or "–", *times, as_commands(table["problem"] or "recorded")]


def status_table(tables: list[dict[str, Any]]) -> Table:
    """For a terminal of any width: what does not fit goes on below, and nothing is cut off."""
    shown = Table(box=SIMPLE_HEAD, padding=0)
    for heading in ("Table", "Entity", "Since (UTC)", "Last event (UTC)", "State"):
        shown.add_column(heading, overflow="fold")
    for table in tables:
        shown.add_row(*map(escape, _cells(table)))
    return shown
