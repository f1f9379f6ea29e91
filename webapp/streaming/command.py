"""auditlog stream."""

from __future__ import annotations

import json
import signal
import sys
import threading
from dataclasses import asdict

import click

from .. import config
from ..connecting import connected
from ..explained import explained, in_words
from . import cursors
from .cursors import Progress
from .following import BATCH, NEEDS, follow, follow_until
from .formats import FORMATS
from .targets import parse


@click.command()
@click.argument("name", required=False)
@click.option("--to", "place", default="-", metavar="-|FILE|URL", help="Standard output (default), a file, an address.")
@click.option(
    "--format", "kind", type=click.Choice(sorted(FORMATS)), default="ndjson", show_default=True, help="Fields."
)
@click.option(
    "--from",
    "start",
    type=click.Choice(["beginning", "now"]),
    default="beginning",
    show_default=True,
    help="Where a new stream begins; one that is known goes on where it was.",
)
@click.option("--every", type=click.FloatRange(min=0.1), metavar="SECONDS", help="Go on until ended.")
@click.option("--batch", type=click.IntRange(1, 10_000), default=BATCH, show_default=True, help="Most events at once.")
@click.option("--list", "listed", is_flag=True, help="Show all streams, and how far behind they are.")
@click.option("--json", "as_json", is_flag=True, help="With --list: for programs.")
@click.option("--drop", is_flag=True, help="Forget the stream NAME.")
@explained
def stream(
    name: str | None, place: str, kind: str, start: str, every: float | None, batch: int,
    listed: bool, as_json: bool, drop: bool,
) -> None:  # fmt: skip
    """Hand on sealed events in order, each at least once.

    The stream NAME remembers how far it came.

    Batches that are posted are signed with AUDITLOG_STREAM_SECRET.

    \b
    Example:
      auditlog stream siem --to https://siem.example.org/audit --format ocsf --every 5
    """
    url = config.database_url()
    if listed or drop:
        with connected(url, "stream", needs=NEEDS, autocommit=True) as connection:
            if drop:
                cursors.drop(connection, _required(name))
                click.echo(f"The stream {name} is forgotten.")
            else:
                _show(cursors.progress(connection), as_json)
        return
    known = _required(name)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    target = parse(place, on_trouble=lambda text: click.echo(f"Tried again soon: {text}", err=True))

    def once() -> int:
        return follow(
            url,
            known,
            target,
            FORMATS[kind],
            at_the_end=start == "now",
            most=batch,
            stop=stop,
            on_gap=lambda text: click.echo(f"Note: {text}.", err=True),
        )

    if every is not None:
        follow_until(once, every, stop, lambda error: click.echo(f"Error: {in_words(error)}", err=True))  # pyright: ignore[reportArgumentType]
        return
    sent = once()
    if sys.stderr.isatty():
        click.echo(f"{sent:,} events handed on.", err=True)


def _required(name: str | None) -> str:
    if name is None:
        raise click.UsageError("name the stream, such as siem: it remembers under that name how far it came")
    return name


def _show(streams: list[Progress], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(one) for one in streams], default=str, indent=2))
        return
    if not streams:
        click.echo("There is no stream yet. Begin one with: auditlog stream siem --to events.ndjson")
    for one in streams:
        click.echo(str(one))
