"""What changed, field by field."""

from __future__ import annotations

from dataclasses import dataclass

from ..events import Event, EventInFull, Json, Names
from .comparing import Pieces, by_path, by_words
from .values import plain, readable

MASKED = {"$masked": True}
SHOWN = 3  # changed fields in the list


@dataclass(frozen=True)
class FieldChange:
    """One field of a diff."""

    name: str
    before: str | None
    after: str | None
    kind: str  # changed, added, removed, same, masked
    #: Both sides in pieces, where texts are long enough to be compared by words.
    pieces: tuple[Pieces, Pieces] | None = None


@dataclass(frozen=True)
class Reader:
    """How values are shown: with the names behind keys, in a zone, cut or in full."""

    event: Event
    names: Names
    zone: str
    in_full: bool = False

    def shown(self, name: str, value: object) -> str | None:
        if value is None:
            return None
        if value == MASKED:
            return "hidden"
        named = self.names.of(self.event, name, value)
        return f"{named} ({plain(value)})" if named else readable(value, self.zone, in_full=self.in_full)

    def change(self, name: str, before: object, after: object) -> FieldChange:
        if MASKED in (before, after):
            return FieldChange(name, None, None, "masked")
        old, new = self.shown(name, before), self.shown(name, after)
        if old == new and before is not None and after is not None:
            # Half a second later, or 1 that became "1": what reads the same is shown as it is stored.
            old, new = plain(before), plain(after)
        kind = "added" if old is None else "removed" if new is None else "changed"
        return FieldChange(name, old, new, kind, by_words(before, after) if self.in_full else None)

    def changes(self, name: str, before: object, after: object) -> list[FieldChange]:
        """A field as one change, or as one for each path within it that differs."""
        if MASKED in (before, after):
            return [self.change(name, before, after)]
        return [self.change(*found) for found in by_path(name, before, after)]


def changed_names(event: Event) -> list[str]:
    """The columns that differ. Imported events may hold anything here: what is no name is left out."""
    fields: list[object] = [*(event.changed_fields or [])]
    return [name for name in fields if isinstance(name, str)]


def summary(event: Event, names: Names, zone: str) -> list[FieldChange]:
    """The first few changed fields, for the list."""
    reader = Reader(event, names, zone)
    changes = event.changes or {}
    found = list[FieldChange]()
    for name in changed_names(event)[:SHOWN]:
        old, new = changes.get(name, [None, None])
        within = reader.changes(name, old, new)
        found.append(within[0] if len(within) == 1 else reader.change(name, old, new))
    return found


def sides(event: EventInFull) -> list[str]:
    """Which rows an event holds: an insert has nothing before it, a deletion nothing after it."""
    return [side for side in ("before", "after") if getattr(event, side) is not None]


def diff(event: EventInFull, names: Names, zone: str) -> tuple[list[FieldChange], list[FieldChange]]:
    """Every field: those that changed, then those that stayed. Without two rows to compare, all of them "changed"."""
    reader = Reader(event, names, zone, in_full=True)
    before, after = event.before or {}, event.after or {}
    compared = event.action == "update"
    changed, same = list[FieldChange](), list[FieldChange]()
    for name in _in_order(event, {**after, **before}):
        old, new = before.get(name), after.get(name)
        if not compared:
            changed.append(FieldChange(name, reader.shown(name, old), reader.shown(name, new), "changed"))
        elif name in changed_names(event):
            changed += reader.changes(name, old, new)
        else:
            same.append(FieldChange(name, reader.shown(name, old), reader.shown(name, new), "same"))
    return changed, same


def state(event: EventInFull, names: Names, zone: str) -> list[FieldChange]:
    """How a record stood after an event; what a deletion removed, because nothing stood after it."""
    reader = Reader(event, names, zone, in_full=True)
    image = (event.before if event.after is None else event.after) or {}
    return [FieldChange(name, None, reader.shown(name, image[name]), "same") for name in _in_order(event, image)]


def _in_order(event: EventInFull, image: Json) -> list[str]:
    """Fields as the table has them: JSON has an order of its own. What the table does not have comes last."""
    places = {name: place for place, name in enumerate(event.columns or [])}
    return sorted(image, key=lambda name: places.get(name, len(places)))
