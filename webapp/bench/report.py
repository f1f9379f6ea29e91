"""What people and programs are shown: a table, and JSON."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from .figures import MANY_ROWS, Bytes, Figure, figures, stored
from .rounds import WORKLOADS, Outcome, Plan
from .statements import ACTIONS
from .subjects import NONE

#: A pipe has no width; a table that is cut would be of no use.
WIDTH = 150


def as_json(outcomes: list[Outcome], plan: Plan, server: dict[str, str]) -> dict[str, Any]:
    return {
        "server": server,
        "cores": os.cpu_count(),
        "rows": plan.rows,
        "rounds": plan.rounds,
        "seed": plan.seed,
        "subjects": {outcome.subject.name: _subject(outcome, outcomes, plan) for outcome in outcomes},
    }


def _subject(outcome: Outcome, outcomes: list[Outcome], plan: Plan) -> dict[str, Any]:
    return {
        "about": outcome.subject.about,
        "version": outcome.version,
        "problem": outcome.problem,
        "workloads": {name: asdict(figure) for name, figure in figures(outcome, outcomes).items()},
        "stored": {action: asdict(found) for action, found in stored(outcome, outcomes, plan.rows).items()},
        "rounds": [found.seconds for found in outcome.rounds],
    }


def head(plan: Plan, server: dict[str, str]) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in server.items() if name != "version")
    return (
        f"PostgreSQL {server['version']}, {os.cpu_count()} cores; {plan.rows:,} rows, {plan.rounds} rounds, "
        f"seed {plan.seed}\n{settings}; synchronous_commit off for one-row statements only"
    )


def show(outcomes: list[Outcome], plan: Plan) -> None:
    """Print the tables, and what could not be measured."""
    console = Console()
    if not console.is_terminal or console.width < WIDTH:
        console = Console(width=WIDTH)
    measured = [outcome for outcome in outcomes if outcome.rounds]
    console.print(_times(measured))
    console.print(_bytes(measured, plan))
    for outcome in outcomes:
        known = f" {outcome.version}" if outcome.version else ""
        said = f"not measured: {outcome.problem}" if outcome.problem else outcome.subject.about
        console.print(f"{outcome.subject.name}{known}: {said}", highlight=False, soft_wrap=True)


def _times(measured: list[Outcome]) -> Table:
    table = Table(
        title="Time, as a multiple of none (many rows) or added to none (one row); "
        "in brackets, as a multiple of audit-log-report",
        title_justify="left",
    )
    _head(table, measured)
    by_subject = [figures(outcome, measured) for outcome in measured]
    for name in WORKLOADS:
        table.add_row(
            name, *(_time(name, found[name], outcome) for found, outcome in zip(by_subject, measured, strict=True))
        )
        if name.endswith("delete") or name == MANY_ROWS[-1]:
            table.add_section()
    return table


def _time(name: str, figure: Figure, outcome: Outcome) -> str:
    if outcome.subject.name == NONE:
        return f"{figure.seconds * 1000:,.0f} ms" if name in MANY_ROWS else f"{figure.seconds * 1e6:,.0f} µs"
    compared = "" if figure.to_ours is None else f" ({figure.to_ours:.2f})"
    if name in MANY_ROWS:
        return f"×{figure.to_none:.2f}{compared}"
    return f"{figure.added_us:+,.0f} µs{compared}"


def _bytes(measured: list[Outcome], plan: Plan) -> Table:
    table = Table(
        title="Bytes for each row of a bulk statement: table + index; WAL beyond that of none; audit rows written",
        title_justify="left",
    )
    shown = [outcome for outcome in measured if outcome.subject.name != NONE]
    _head(table, shown)
    by_subject = [stored(outcome, measured, plan.rows) for outcome in shown]
    for action in ACTIONS:
        table.add_row(f"bulk {action}", *(_stored(found[action]) for found in by_subject))
    return table


def _stored(found: Bytes) -> str:
    return f"{found.table:.0f} + {found.index:.0f}\nWAL {found.wal:.0f}\n{found.audit_rows:,} rows"


def _head(table: Table, outcomes: list[Outcome]) -> None:
    table.add_column("")
    for outcome in outcomes:
        table.add_column(outcome.subject.name, justify="right", no_wrap=True)
