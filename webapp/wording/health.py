"""How capture is, for people who know nothing of triggers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from .times import roughly

#: What pages find by index follows the log every few seconds.
USUAL_LAG = timedelta(minutes=1)


def harm(table: Mapping[str, Any]) -> str:
    """What a problem of audit.status() means for whoever relies on the report."""
    if table["entity"] is None:
        return "The log itself needs attention."
    if not table["triggers_present"] or not table["enabled_always"]:
        return f"Changes to {_named(table)} are not all recorded at the moment."
    if not table["function_unchanged"]:
        return f"What is recorded of {_named(table)} may be wrong: what writes it has been altered."
    return f"What is recorded of {_named(table)} has to be adapted to a change of the table."


def listed(names: list[str]) -> str:
    """contacts; contacts and groups; contacts, groups and users."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def searching(lag: timedelta) -> str:
    """How far what words and charts are found by is behind the log, and what that means."""
    if lag < USUAL_LAG:
        return "Words and charts are up to date."
    return (
        f"Words and charts are {roughly(lag)} behind: what is newer is read from the log itself, "
        "which is as right but slower, or left out where it is too much, until auditlog serve has caught up."
    )


def _named(table: Mapping[str, Any]) -> str:
    return f"{str(table['entity']).replace('_', ' ')} records"
