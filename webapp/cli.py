"""The command line: auditlog."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import psycopg
from rich.console import Console
from rich.table import Table

from . import config, demo, embedded, events, migrations, server, users
from .bench.command import bench
from .errors import MigrationError
from .explained import explained

# Progress is for people: it goes to a terminal, and a pipe stays quiet.
progress = Console(stderr=True, quiet=not sys.stderr.isatty())


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(package_name="audit-log-report")
def main() -> None:
    """Who changed what, and when, in a PostgreSQL database.

    Settings come from AUDITLOG_* variables; AUDITLOG_DATABASE_URL names the database.
    """


@main.command("demo")
@click.option("--port", default=8000, show_default=True, help="Port of the web page on 127.0.0.1.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the demo keeps its data between runs.",
)
@click.option("--no-serve", is_flag=True, help="Prepare everything, print how to sign in, and end.")
@click.option("--reset", is_flag=True, help="Delete the demo's data and start over.")
@explained
def run_demo(port: int, data_dir: Path | None, no_serve: bool, reset: bool) -> None:
    """Show it all: a PostgreSQL of its own, real writers, and the report.

    Example: auditlog demo --port 8080
    """
    own_url = os.environ.get("AUDITLOG_DATABASE_URL", "").strip()
    if not no_serve:
        server.require_free_port(f"127.0.0.1:{port}")
    with progress.status("Preparing") as status:
        prepared = demo.prepared(
            data_dir or embedded.default_directory(),
            own_url=own_url,
            port=port,
            reset=reset,
            step=lambda text: status.update(f"{text} …"),
        )
        ready = prepared.__enter__()
    try:
        click.echo(
            f"Audit Log Report: {'filled and ready' if ready.was_filled else 'ready, with the data of last time'}.\n"
        )
        click.echo(f"  Address   http://127.0.0.1:{port}/")
        click.echo(f"  Sign in   {ready.login}")
        click.echo(f"  Password  {ready.password}\n")
        click.echo(
            "Then open Reports → Audit Log."
            + ("" if no_serve else " A small writer keeps it alive. Ctrl-C ends everything.")
        )
        sys.stdout.flush()
        if not no_serve:
            with demo.living(ready.writer_url):
                server.WebServer(ready.web, workers=1, quiet=True).run()
    finally:
        prepared.__exit__(None, None, None)


@main.command()
@click.option("--reference-tables", is_flag=True, help="Also create contacts, groups and users, and track them.")
@explained
def migrate(reference_tables: bool) -> None:
    """Create or update the audit schema. A second run changes nothing.

    Example: AUDITLOG_DATABASE_URL=postgresql://postgres@localhost/crm auditlog migrate
    """
    done = migrations.migrate(
        config.database_url(),
        with_reference_tables=reference_tables,
        on_apply=lambda name: progress.print(f"applied {name}"),
    )
    click.echo(f"{len(done)} files applied." if done else "The database is up to date.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@explained
def status(as_json: bool) -> None:
    """Whether capture is whole: exit code 0 when it is, 1 when it is not.

    Example: auditlog status --json
    """
    with psycopg.connect(config.database_url(), autocommit=True) as connection:
        migrations.require_current(connection)
        tables = events.status(connection)
    problems = [table for table in tables if table["problem"]]
    if as_json:
        click.echo(json.dumps({"whole": not problems, "tables": tables}, default=str, indent=2))
    elif not tables:
        click.echo("No table is tracked yet. Start with: auditlog track public.contacts")
    else:
        shown = Table("Table", "Entity", "Since (UTC)", "Last event (UTC)", "State")
        for table in tables:
            times = [
                f"{at:%Y-%m-%d %H:%M:%S}" if (at := table[name]) else "–" for name in ("tracked_since", "last_event")
            ]
            shown.add_row(table["table_name"], table["entity"], *times, table["problem"] or "recorded")
        Console().print(shown)
    sys.exit(1 if problems else 0)


@contextmanager
def _administration(command: str) -> Generator[psycopg.Connection[Any]]:
    try:
        with psycopg.connect(config.database_url(), application_name=f"auditlog {command}") as connection:
            yield connection
    except psycopg.errors.InvalidSchemaName:
        raise MigrationError("this database has no audit log yet: run `auditlog migrate` as its owner") from None


def _columns(context: click.Context, option: click.Parameter, value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


@main.command()
@click.argument("table")
@click.option("--entity", help="Kind of record, such as contact. Default: the table's name.")
@click.option("--label", default="", callback=_columns, help="Columns that name the record, with commas.")
@click.option("--exclude", default="", callback=_columns, help="Columns never stored.")
@click.option("--mask", default="", callback=_columns, help="Columns of which only the change is stored.")
@click.option("--parent", help="Column with the key of the record that a row belongs to.")
@click.option("--baseline", is_flag=True, help="Also record the rows that are there now.")
@explained
def track(table: str, baseline: bool, **how: Any) -> None:
    """Start capture on TABLE, or change how.

    Example: auditlog track public.contacts --entity contact --label first_name,last_name
    """
    with _administration("track") as connection:
        connection.execute(
            "select audit.track(%s::regclass, %s, %s, %s, %s, %s, %s)",
            (table, how["entity"], how["label"], how["exclude"], how["mask"], how["parent"], baseline),
        )
    click.echo(f"{table} is tracked.")


@main.command()
@click.argument("table")
@explained
def untrack(table: str) -> None:
    """Stop capture on TABLE. What was recorded stays.

    Example: auditlog untrack public.contacts
    """
    with _administration("untrack") as connection:
        connection.execute("select audit.untrack(%s::regclass)", (table,))
    click.echo(f"{table} is no longer tracked.")


@main.command()
@click.option("--workers", default=2, show_default=True, help="Web processes.")
@explained
def serve(workers: int) -> None:
    """Serve the report. Needs AUDITLOG_SECRET_KEY and a login in the role audit_web.

    Example: AUDITLOG_BIND=127.0.0.1:8000 auditlog serve
    """
    settings = config.from_environment()
    server.require_database(settings)
    server.require_free_port(settings.bind)
    server.WebServer(settings, workers=workers).run()


main.add_command(users.user)
main.add_command(bench)
