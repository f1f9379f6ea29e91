"""What happened to a person's rights, as something that they became."""

from __future__ import annotations

from ..events import EventInFull
from .diffs import MASKED, changed_names
from .values import plain

#: Columns by which an account is switched off.
SWITCHES = {"active", "is_active"}
GRANTED = {"insert": "was given", "baseline": "had", "update": "was given", "delete": "lost", "truncate": "lost"}
MADE = {"insert": "was created", "baseline": "was found", "delete": "was deleted", "truncate": "was deleted"}


def right(event: EventInFull, fields: list[str]) -> str:
    """“became administrator (was editor)”, “was given the permission audit.export”."""
    before, after = event.before or {}, event.after or {}
    if event.details is not None and event.action in GRANTED:
        what = next((plain(value) for value in event.details.values() if isinstance(value, str)), "")
        noun = "the permission" if (event.table_name or "").endswith("permissions") else "an entry of"
        return f"{GRANTED[event.action]} {noun} {what or (event.table_name or 'another table')}"
    if event.action in MADE:
        role = (after or before).get("role")
        return f"{MADE[event.action]}{f' as {plain(role)}' if role else ''}"
    said = [_changed(name, before.get(name), after.get(name)) for name in changed_names(event) if name in fields]
    return ", ".join(said)


def _changed(name: str, old: object, new: object) -> str:
    if MASKED in (old, new):
        return f"got another {name.replace('_', ' ')}"
    if name == "role":
        return f"became {plain(new) or 'nothing'} (was {plain(old) or 'nothing'})"
    if name in SWITCHES and isinstance(new, bool):
        return "was enabled" if new else "was disabled"
    return f"got {name.replace('_', ' ')} {plain(new) or 'none'} (was {plain(old) or 'none'})"
