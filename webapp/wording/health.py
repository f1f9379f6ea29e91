"""How capture is, for people who know nothing of triggers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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


def _named(table: Mapping[str, Any]) -> str:
    return f"{str(table['entity']).replace('_', ' ')} records"
