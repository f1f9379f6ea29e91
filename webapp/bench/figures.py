"""From seconds to figures: medians of what was measured in the same round."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from . import workloads
from .rounds import WORKLOADS, Outcome
from .statements import ACTIONS
from .subjects import NONE, OURS

#: Statements over many rows: what matters is how many times longer they take. Of the others, how much longer.
MANY_ROWS = (*workloads.BULK, workloads.COPY)


@dataclass(frozen=True)
class Figure:
    """One workload of one subject."""

    seconds: float
    to_none: float
    added_us: float
    #: Of the time, or of the time added for a one-row statement; None where ours adds nothing that can be told.
    to_ours: float | None


@dataclass(frozen=True)
class Bytes:
    """What one changed row left behind in audit tables, and wrote to the WAL beyond what the change itself did."""

    audit_rows: int
    table: float
    index: float
    wal: float


def figures(outcome: Outcome, all_outcomes: list[Outcome]) -> dict[str, Figure]:
    """By workload; empty for a subject that could not be measured."""
    none, ours = _named(NONE, all_outcomes), _named(OURS, all_outcomes)
    if not outcome.rounds or none is None:
        return {}
    return {name: _figure(_seconds(outcome, name), _seconds(none, name), ours, name) for name in WORKLOADS}


def _figure(own: list[float], none: list[float], ours: Outcome | None, name: str) -> Figure:
    added = median(a - b for a, b in zip(own, none, strict=True))
    to_ours = None
    if ours is not None and name in MANY_ROWS:
        to_ours = median(a / b for a, b in zip(own, _seconds(ours, name), strict=True))
    elif ours is not None:
        added_by_ours = median(a - b for a, b in zip(_seconds(ours, name), none, strict=True))
        to_ours = added / added_by_ours if added_by_ours > 0 else None
    return Figure(
        seconds=median(own),
        to_none=median(a / b for a, b in zip(own, none, strict=True)),
        added_us=added * 1e6,
        to_ours=to_ours,
    )


def stored(outcome: Outcome, all_outcomes: list[Outcome], rows: int) -> dict[str, Bytes]:
    """By action; empty for a subject that could not be measured."""
    none = _named(NONE, all_outcomes)
    if not outcome.rounds or none is None:
        return {}
    return {action: _bytes(outcome, none, action, rows) for action in ACTIONS}


def _bytes(outcome: Outcome, none: Outcome, action: str, rows: int) -> Bytes:
    own = [found.stored[action] for found in outcome.rounds]
    plain = [found.stored[action].wal for found in none.rounds]
    return Bytes(
        audit_rows=round(median(s.rows for s in own)),
        table=median(s.table for s in own) / rows,
        index=median(s.index for s in own) / rows,
        wal=(median(s.wal for s in own) - median(plain)) / rows,
    )


def _named(name: str, outcomes: list[Outcome]) -> Outcome | None:
    return next((o for o in outcomes if o.subject.name == name and o.rounds), None)


def _seconds(outcome: Outcome, name: str) -> list[float]:
    return [found.seconds[name] for found in outcome.rounds]
