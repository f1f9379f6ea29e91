"""`auditlog bench`: its options, and the order of things."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..errors import AuditLogError
from ..explained import explained
from . import report, subjects
from .clients import clients
from .ideas import IDEAS
from .rounds import WORKLOADS, Plan, run
from .servers import running
from .workloads import MINIMUM_ROWS


@click.command()
@click.option(
    "--rows", type=click.IntRange(MINIMUM_ROWS), default=50_000, show_default=True, help="Rows of a bulk statement."
)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Figures are medians of these.")
@click.option(
    "--only", default="", metavar="NAME,…", help="Subjects to compare. Default: all; none is always among them."
)
@click.option("--ideas", is_flag=True, help="Compare with our own capture without one of its ideas, not with peers.")
@click.option("--seed", type=click.IntRange(0), help="Decides the order in each round. Default: another every time.")
@click.option(
    "--bindir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Programs of another PostgreSQL, such as /usr/lib/postgresql/15/bin.",
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Also write the figures here."
)
@explained
def bench(
    rows: int, rounds: int, only: str, ideas: bool, seed: int | None, bindir: Path | None, json_file: Path | None
) -> None:
    """What capture costs, beside other tools and no capture at all.

    On a PostgreSQL of its own; on the server of AUDITLOG_DATABASE_URL, if that is set, in databases that it
    creates and drops.

    \b
    Example:
      auditlog bench --rows 10000 --only audit-log-report,floor
    """
    names = [name.strip() for name in only.split(",") if name.strip()]
    chosen = subjects.chosen(names, IDEAS if ideas else subjects.SUBJECTS)
    if json_file and not json_file.absolute().parent.is_dir():
        raise AuditLogError(f"--json: there is no folder {json_file.absolute().parent}: create it first")
    plan = Plan(rows, rounds, random.randrange(1_000_000) if seed is None else seed)  # noqa: S311
    with running(bindir) as server:
        described = server.described()
        click.echo(report.head(plan, described))
        with clients() as processes, _progress(len(chosen) * rounds * len(WORKLOADS)) as step:
            outcomes = run(server, chosen, plan, processes, step)
    report.show(outcomes, plan)
    if json_file:
        json_file.write_text(json.dumps(report.as_json(outcomes, plan, described), indent=2) + "\n")


@contextmanager
def _progress(total: int) -> Generator[Callable[[str, int], None]]:
    """A bar on a terminal; a pipe stays quiet."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("Starting", total=total)

        def step(text: str, done: int) -> None:
            bar.update(task, advance=done, description=text or None)

        yield step
