"""`scripts/measure-evidence`: how fast a log is sealed and verified, and what its seals weigh."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click
import psycopg
from rich.console import Console

from .. import migrations
from ..errors import AuditLogError
from ..evidence import erasing as erasures
from ..evidence import keys, sealing
from ..evidence.tree import Connection
from ..evidence.verifying import verify
from ..explained import explained
from ..generating.generator import generate
from .servers import running


@dataclass(frozen=True)
class Figures:
    """What was measured."""

    events: int
    sealing: float  # seconds
    verifying: float
    log: int  # bytes, indexes included
    seals: int
    erased: int  # events of one record
    previewing: float
    erasing: float

    def __str__(self) -> str:
        return (
            f"{self.events:,} events sealed in {self.sealing:.1f} s: {self.events / self.sealing:,.0f} a second\n"
            f"… and verified in {self.verifying:.1f} s: {self.events / self.verifying:,.0f} a second\n"
            f"bytes an event, indexes included: {self.log / self.events:.0f} in the log, "
            f"{self.seals / self.events:.0f} in its seals\n"
            f"a contact of {self.erased:,} events: what would go is told in {self.previewing:.1f} s, and erased in "
            f"{self.erasing:.1f} s"
        )


def measure(url: str, events: int, jobs: int, step: Callable[[str], None] = lambda _: None) -> Figures:
    """Fill the empty database of a superuser with invented events, seal them, verify that, and forget a contact."""
    step("Generating")
    migrations.migrate(url, with_reference_tables=True)
    with psycopg.connect(url) as connection:
        generate(connection, events, months=2)
        connection.commit()
        connection.autocommit = True
        connection.execute("analyze")
    with tempfile.TemporaryDirectory() as folder, psycopg.connect(url) as connection:
        key = keys.create(Path(folder) / "seal.key")
        step("Sealing")
        began = time.monotonic()
        with sealing.alone(connection):
            done = sealing.seal(connection, lambda _: key)
        sealed = time.monotonic() - began
        assert done.checkpoint
        connection.commit()
        connection.autocommit = True
        step("Verifying")
        began = time.monotonic()
        found = verify(url, connection, key.public, [[done.checkpoint]], jobs=jobs, lag=timedelta(days=999))
        verified = time.monotonic() - began
        if found.broken or found.proven != done.events:
            raise AuditLogError("what was sealed a moment ago is not proven: this is a fault of ours")
        row = connection.execute(
            "select (select sum(pg_total_relation_size(relid)) from pg_partition_tree('audit.log')), "
            "(select sum(pg_total_relation_size(t)) from unnest("
            "'{audit.leaves,audit.nodes,audit.checkpoints}'::regclass[]) t)"
        ).fetchone()
        assert row
        step("Erasing")
        erased, previewing, erasing = _erase_one(connection, lambda: sealing.seal(connection, lambda _: key))
    log, seals = map(int, row)
    return Figures(done.events, sealed, verified, log, seals, erased, previewing, erasing)


def _erase_one(connection: Connection, seal: Callable[[], object]) -> tuple[int, float, float]:
    """Forget the contact with the most events; how many these are, and the seconds of telling and of erasing."""
    row = connection.execute(
        "select record_id from audit.log l join audit.shapes s on s.shape_id = l.shape_id "
        "where s.entity = 'contact' and s.parent is null and record_id is not null "
        "group by 1 order by count(*) desc limit 1"
    ).fetchone()
    assert row
    request = erasures.request(connection, "contact", row[0], "measured")
    seal()
    began = time.monotonic()
    told = erasures.preview(connection, request)
    told_in = time.monotonic() - began
    connection.execute("set session authorization audit_admin")  # the second person
    began = time.monotonic()
    erasures.approve(connection, request)
    erased_in = time.monotonic() - began
    connection.execute("reset session authorization")
    return told["events"], told_in, erased_in


@click.command()
@click.option("--events", type=click.IntRange(1000), default=1_000_000, show_default=True, help="Events to invent.")
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Processes that verify.")
@click.option(
    "--bindir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Programs of another PostgreSQL, such as /usr/lib/postgresql/15/bin.",
)
@explained
def measure_evidence(events: int, jobs: int, bindir: Path | None) -> None:
    """How fast a log is sealed, verified and erased in, and what its seals weigh.

    On a PostgreSQL of its own; on the server of AUDITLOG_DATABASE_URL, if that is set, in a database that it creates
    and drops.

    \b
    Example:
      scripts/measure-evidence --events 1000000
    """
    console = Console(stderr=True, quiet=not sys.stderr.isatty())
    with running(bindir) as server, console.status("Starting") as status:
        url = server.create("evidence")
        click.echo(measure(url, events, jobs, status.update))


if __name__ == "__main__":
    measure_evidence()
