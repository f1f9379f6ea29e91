"""Events in words. Every sentence of the report is made here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from .events import Event, EventInFull, Names

MASKED = {"$masked": True}

VERBS = {
    "insert": "created",
    "update": "changed",
    "delete": "deleted",
    "truncate": "deleted",
    "baseline": "found",
    "export": "exported",
    "view": "viewed",
    "sign_in": "signed in",
    "sign_in_failed": "failed to sign in",
    "sign_out": "signed out",
    "denied": "was denied",
    "erase": "erased",
    "retain": "archived",
    "configure": "configured",
}
#: Rows that belong to a record read as something that happened to it.
MEMBER_VERBS = {
    "insert": "added",
    "update": "changed",
    "delete": "removed",
    "truncate": "removed",
    "baseline": "found",
}
MEMBER_NOUNS = {"contact_groups": "member", "user_permissions": "permission"}
FAILURES = {
    "unknown_login": "no such user",
    "wrong_password": "wrong password",
    "disabled": "account disabled",
}


@dataclass(frozen=True)
class Sentence:
    """“created” “contact” “Ada Lovelace”, and what is worth adding."""

    verb: str
    noun: str
    note: str = ""
    tone: str = "neutral"  # good, bad, changed or neutral: a second sign beside the word, never the only one


@dataclass(frozen=True)
class FieldChange:
    """One field of a diff."""

    name: str
    before: str | None
    after: str | None
    kind: str  # changed, added, removed, same, masked

    @property
    def long(self) -> bool:
        return max(len(self.before or ""), len(self.after or "")) > 60


TONES = {
    "insert": "good",
    "update": "changed",
    "delete": "bad",
    "truncate": "bad",
    "denied": "bad",
    "sign_in_failed": "bad",
}


def sentence(event: Event, names: Names) -> Sentence:
    """What happened, to what."""
    details = event.details or {}
    tone = TONES.get(event.action, "neutral")
    if event.action == "export":
        return _export(event, details)
    if event.action == "configure":
        table = ".".join(str(details[k]) for k in ("schema_name", "table_name") if k in details)
        did = {
            "track": "started or changed capture of",
            "untrack": "stopped capture of",
            "allow_export": f"let {details.get('grantee')} export",
            "deny_export": f"no longer lets {details.get('grantee')} export",
        }
        return Sentence(did.get(str(details.get("did")), "configured"), table or f"{event.entity} records", tone=tone)
    if event.action == "denied":
        return Sentence("was denied", f"the page {details.get('path', 'of the report')}", tone=tone)
    if event.action == "sign_in_failed":
        return Sentence(VERBS[event.action], "", FAILURES.get(str(details.get("reason")), ""), tone)
    if event.action in ("sign_in", "sign_out"):
        return Sentence(VERBS[event.action], "", tone=tone)
    if event.details is not None and event.action in MEMBER_VERBS:
        return _member(event, details, names, tone)
    note = "the whole table was emptied" if event.action == "truncate" else ""
    if event.action == "baseline":
        note = "there when capture began"
    return Sentence(VERBS[event.action], event.entity.replace("_", " "), note, tone)


def _export(event: Event, details: Mapping[str, Any]) -> Sentence:
    count = details.get("row_count")
    rows = f"{count:,} {'row' if count == 1 else 'rows'}" if isinstance(count, int) else ""
    noun = "the audit log" if event.entity == "report" else f"{event.entity.replace('_', ' ')} records"
    if "completes" in details:
        if details.get("outcome") == "complete":
            return Sentence("finished exporting", noun, rows)
        return Sentence("broke off exporting", noun, f"{details.get('outcome')}, after {rows}", "bad")
    filtered: dict[str, Any] = details["filter"] if isinstance(details.get("filter"), dict) else {}
    only = "only " + ", ".join(f"{k} {plain(v)}" for k, v in filtered.items()) if filtered else ""
    kind = str(details.get("format") or "").upper()
    return Sentence(
        "exported",
        noun,
        " · ".join(part for part in (rows, kind, only, str(details.get("reason") or "")) if part),
    )


def _member(event: Event, details: Mapping[str, Any], names: Names, tone: str) -> Sentence:
    noun = MEMBER_NOUNS.get(event.table_name or "", (event.table_name or "row").replace("_", " "))
    named = next((found for column, value in details.items() if (found := names.of(event, column, value))), None)
    what = named or plain(next((v for v in details.values() if isinstance(v, str)), ""))
    joint = {"insert": "to", "delete": "from", "truncate": "from"}.get(event.action, "of")
    return Sentence(f"{MEMBER_VERBS[event.action]} {noun}", f"{what} {joint} {event.entity}".strip(), tone=tone)


def changed_names(event: Event) -> list[str]:
    """The columns that differ. Imported events may hold anything here: what is no name is left out."""
    fields: list[object] = [*(event.changed_fields or [])]
    return [name for name in fields if isinstance(name, str)]


def summary(event: Event, names: Names) -> list[FieldChange]:
    """The first few changed fields, for the list."""
    found: list[FieldChange] = []
    for name in changed_names(event)[:3]:
        before, after = (event.changes or {}).get(name, [None, None])
        found.append(_change(event, names, name, before, after))
    return found


def diff(event: EventInFull, names: Names) -> tuple[list[FieldChange], list[FieldChange]]:
    """Every field: those that changed, then those that stayed."""
    before, after = event.before or {}, event.after or {}
    changed = set(changed_names(event)) if event.action == "update" else set(before) | set(after)
    rows = [
        _change(
            event,
            names,
            name,
            before.get(name),
            after.get(name),
            same=name not in changed,
            one_sided=event.action != "update",
        )
        for name in [*after, *(n for n in before if n not in after)]
    ]
    return [r for r in rows if r.kind != "same"], [r for r in rows if r.kind == "same"]


def _change(
    event: Event,
    names: Names,
    name: str,
    before: object,
    after: object,
    *,
    same: bool = False,
    one_sided: bool = False,
) -> FieldChange:
    if MASKED in (before, after) and not one_sided and not same:
        return FieldChange(name, None, None, "masked")

    def shown(value: object) -> str | None:
        if value is None:
            return None
        if value == MASKED:
            return "hidden"
        named = names.of(event, name, value)
        return f"{named} ({plain(value)})" if named else plain(value)

    old, new = shown(before), shown(after)
    kind = "same" if same else "added" if old is None else "removed" if new is None else "changed"
    return FieldChange(name, old, new, kind)


def plain(value: object) -> str:
    """A JSON value as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):  # pyright: ignore[reportUnknownVariableType]
        return ", ".join(plain(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def moment(at: datetime, zone: str) -> str:
    """24 Nov 2026, 15:39:00 — the zone is said beside it."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y, %H:%M:%S}"


def zone_label(at: datetime, zone: str) -> str:
    """UTC, CET, +0530: what that zone was called at that moment."""
    return f"{at.astimezone(ZoneInfo(zone)):%Z}"


def exact(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
