"""The run: every subject in every round, each time in another order and in a fresh database."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg

from . import subjects, workloads
from .clients import Clients
from .servers import Server
from .subjects import NotHereError, Subject
from .workloads import Round

WORKLOADS = (*workloads.BULK, workloads.COPY, *workloads.LOOP, *workloads.ROUND_TRIPS)


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    rows: int
    rounds: int
    seed: int


@dataclass
class Outcome:
    """A subject's rounds, or why there are none."""

    subject: Subject
    version: str | None = None
    rounds: list[Round] = field(default_factory=list[Round])
    problem: str | None = None


def run(
    server: Server,
    chosen: tuple[Subject, ...],
    plan: Plan,
    clients: Clients,
    step: Callable[[str, int], None] = lambda text, done: None,
) -> list[Outcome]:
    """Measure. `step` is told what is going on, and how many workloads were done."""
    outcomes = [Outcome(subject) for subject in chosen]
    for outcome in outcomes:
        step(f"Setting up {outcome.subject.name}", 0)
        _guarded(outcome, lambda outcome=outcome: _set_up(server, outcome))
        if outcome.problem:
            step("", len(WORKLOADS) * plan.rounds)
    chance = random.Random(plan.seed)  # noqa: S311 - the same order for the same seed
    for number in range(1, plan.rounds + 1):
        for outcome in chance.sample(outcomes, len(outcomes)):
            if outcome.problem is None:
                step(f"Round {number}: {outcome.subject.name}", 0)
                _guarded(outcome, lambda outcome=outcome: _round(server, outcome, plan, clients, step))
    return outcomes


def _set_up(server: Server, outcome: Outcome) -> None:
    url = server.create(outcome.subject.name)
    subjects.create_table(url)
    outcome.subject.install(url)
    with psycopg.connect(url, autocommit=True) as connection:
        outcome.version = subjects.version(outcome.subject, connection)


def _round(server: Server, outcome: Outcome, plan: Plan, clients: Clients, step: Callable[[str, int], None]) -> None:
    url = server.create("round", template=outcome.subject.name)
    try:
        found = workloads.measure(url, outcome.subject, plan.rows, clients, lambda: step("", 1))
    finally:
        server.drop("round")
    outcome.rounds.append(found)


def _guarded(outcome: Outcome, work: Callable[[], None]) -> None:
    """A failing peer is told of in the report; what is ours must not fail."""
    try:
        work()
    except (NotHereError, psycopg.Error) as error:
        if not outcome.subject.is_peer:
            raise
        outcome.problem = str(error).strip().splitlines()[0]
        outcome.rounds.clear()
