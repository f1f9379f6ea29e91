"""The state of the log as Prometheus reads it: https://prometheus.io/docs/instrumenting/exposition_formats/."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from .streaming.cursors import Progress

PREFIX = "auditlog_"
HELP = {
    "table_whole": "Whether every change to the table is recorded.",
    "table_last_event_timestamp_seconds": "When the latest change to the table was recorded.",
    "sealed_events": "Events that have a seal.",
    "checkpoint_timestamp_seconds": "When the last checkpoint was signed.",
    "seal_lag_seconds": "Age of the oldest event without a seal; 0 when all are sealed.",
    "sealing_well": "Whether events are sealed, and checkpoints anchored, without delay.",
    "search_lag_seconds": "Age of the oldest event that pages do not find by index yet; 0 when there is none.",
    "erasures_unreached": "Approved requests to erase that have not reached all archives.",
    "stream_behind_events": "Sealed events that the receiver of a stream has not confirmed.",
    "stream_lag_seconds": "Age of the first of them; 0 when there is none.",
    "stream_well": "Whether the receiver of a stream takes what it is sent.",
}
Sample = tuple[str, dict[str, str], float]


def text(
    tables: list[dict[str, Any]],
    seals: dict[str, Any] | None,
    streams: list[Progress],
    search: dict[str, Any],
    unreached: int,
) -> str:
    """Every figure is a gauge; what is not known is left out."""
    lines: list[str] = []
    told = [*_samples(tables, seals, streams, search), ("erasures_unreached", dict[str, str](), float(unreached))]
    samples = sorted(told, key=lambda sample: list(HELP).index(sample[0]))
    for place, (name, labels, value) in enumerate(samples):
        if not place or samples[place - 1][0] != name:
            lines += [f"# HELP {PREFIX}{name} {HELP[name]}", f"# TYPE {PREFIX}{name} gauge"]
        inside = ",".join(f'{label}="{_escaped(told)}"' for label, told in labels.items())
        lines.append(f"{PREFIX}{name}{f'{{{inside}}}' if inside else ''} {value:.15g}")
    return "".join(f"{line}\n" for line in lines)


def _samples(
    tables: list[dict[str, Any]], seals: dict[str, Any] | None, streams: list[Progress], search: dict[str, Any]
) -> Iterator[Sample]:
    for table in tables:
        labels = {"table": str(table["table_name"])}
        yield "table_whole", labels, float(not table["problem"])
        if isinstance(at := table["last_event"], datetime):
            yield "table_last_event_timestamp_seconds", labels, at.timestamp()
    if seals:
        lag = seals["lag"]
        yield "sealed_events", {}, seals["events"]
        yield "checkpoint_timestamp_seconds", {}, seals["sealed_at"].timestamp()
        yield "seal_lag_seconds", {}, lag.total_seconds() if isinstance(lag, timedelta) else 0
        yield "sealing_well", {}, float(not seals["problem"])
    yield "search_lag_seconds", {}, search["lag"].total_seconds()
    for stream in streams:
        labels = {"stream": stream.name}
        yield "stream_behind_events", labels, stream.behind
        yield "stream_lag_seconds", labels, stream.lag.total_seconds()
        yield "stream_well", labels, float(not stream.problem)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
