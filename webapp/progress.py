"""How far a command has come, on a terminal; in a pipe it stays quiet."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn


def bar(done: ProgressColumn | None = None, *, auto_refresh: bool = True) -> Progress:
    """A bar with what is done of how many, or as `done` shows it, and how long the rest may take."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        done or MofNCompleteColumn(),
        TimeRemainingColumn(),
        auto_refresh=auto_refresh,
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
