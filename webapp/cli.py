"""The command line: auditlog."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from . import config, demo, embedded, migrations, rights, secret_settings, server
from .bench.command import bench
from .evidence import beside
from .evidence import command as evidence
from .evidence.erase_command import erase
from .evidence.retain_command import hold, retain
from .evidence.verify_command import verify
from .explained import explained
from .exports.command import export
from .status_command import status
from .streaming.command import stream
from .track_command import track, untrack

# Progress is for people: it goes to a terminal, and a pipe stays quiet.
progress = Console(stderr=True, quiet=not sys.stderr.isatty())


class Commands(click.Group):
    """All commands, none of which ends in a traceback when what it prints cannot be written."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except OSError as error:
            sys.exit(f"Error: {error.filename or 'standard output'} cannot be written ({error.strerror})")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
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
    """Show it all, on a PostgreSQL of its own.

    With real writers, and the report.

    \b
    Example:
      auditlog demo --port 8080
    """
    own_url = config.own_database_url()
    server.require_port(port)
    if not no_serve:
        server.require_free_port(f"127.0.0.1:{port}", f"--port {server.another_port(port)}")
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
        click.echo(f"  Password  {ready.password}")
        if own_url or not no_serve:  # the server is there to be asked
            click.echo(f"  SQL       {ready.psql}")
            click.echo(f"  Verify    {ready.seals.verify}")
        click.echo(
            "\nThen open Reports → Audit Log."
            + ("" if no_serve else " A small writer keeps it alive. Ctrl-C ends everything.")
        )
        if not no_serve:
            click.echo(f"Change something yourself, and see it there: {demo.A_CHANGE}")
        sys.stdout.flush()
        if not no_serve:
            with demo.living(ready.writer_url), beside.sealing(ready.seals.environment):
                server.WebServer(ready.web, workers=1, quiet=True).run()
    finally:
        prepared.__exit__(None, None, None)


@main.command()
@click.option("--reference-tables", is_flag=True, help="Also create contacts, groups and users, and track them.")
@explained
def migrate(reference_tables: bool) -> None:
    """Create or update the audit schema. A second run changes nothing.

    \b
    Example:
      AUDITLOG_DATABASE_URL=postgresql://postgres@localhost/crm auditlog migrate
    """
    done = migrations.migrate(
        config.database_url(),
        with_reference_tables=reference_tables,
        on_apply=lambda name: progress.print(f"applied {name}"),
    )
    click.echo(f"{len(done)} files applied." if done else "The database is up to date.")


@main.command()
@click.option("--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Web processes.")
@explained
def serve(workers: int) -> None:
    """Serve the report. Needs AUDITLOG_SECRET_KEY and a login in the role audit_web.

    With AUDITLOG_SEAL_DATABASE_URL and AUDITLOG_SEAL_KEY_FILE, it seals too, each minute, in a process of its own.

    \b
    Example:
      AUDITLOG_BIND=127.0.0.1:8000 auditlog serve
    """
    settings = config.from_environment()
    for warning in beside.warnings():
        click.echo(f"Warning: {warning}", err=True)
    if beside.wanted():
        beside.require()
    beside.forget()
    secret_settings.require_strong_password(settings.database_url)
    besides = server.require_database(settings)
    server.require_free_port(settings.bind, "AUDITLOG_BIND")
    for warning in (*server.warnings(settings), *besides):
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"Audit Log Report: {settings.public_url}/")
    sys.stdout.flush()
    server.WebServer(settings, workers=workers).run()


main.add_command(track)
main.add_command(untrack)
main.add_command(status)
main.add_command(rights.user)  # with what it adds there
main.add_command(evidence.keys)
main.add_command(evidence.seal)
main.add_command(evidence.prove)
main.add_command(verify)
main.add_command(erase)
main.add_command(stream)
main.add_command(retain)
main.add_command(hold)
main.add_command(bench)
main.add_command(export)
