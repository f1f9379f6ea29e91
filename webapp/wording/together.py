"""What happened in one transaction, as one entry of the list: “created contact Ada and added it to 2 groups”."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from ..events import Event, Names
from .diffs import FieldChange, summary
from .sentences import MARKS, MEMBER_VERBS, TONES, VERBS, Sentence, member_noun, sentence

Row = tuple[Event, Sentence, list[FieldChange]]
MOST_PHRASES = 3
JOINTS = {"insert": "to", "baseline": "of", "update": "of", "delete": "from", "truncate": "from"}


@dataclass(frozen=True)
class Entry:
    """One event, or several that belong together; newest first."""

    rows: list[Row]
    phrases: list[Sentence] = field(default_factory=list[Sentence])
    more: int = 0  # of the same transaction on the pages beside this one

    @property
    def newest(self) -> Event:
        return self.rows[0][0]

    @property
    def is_one(self) -> bool:
        return len(self.rows) == 1 and not self.more


def rows(events: Iterable[Event], names: Names, zone: str) -> list[Row]:
    """Events as the list shows them: with a sentence, and the first of what changed."""
    return [(event, sentence(event, names), summary(event, names, zone)) for event in events]


def apart(rows: Sequence[Row]) -> list[Entry]:
    """Each event by itself."""
    return [Entry([row]) for row in rows]


def together(rows: Sequence[Row], names: Names) -> list[Entry]:
    """Neighbours of one transaction and one person as one entry. What was imported shares only the import."""
    found: list[Entry] = []
    for _, run in groupby(rows, key=lambda row: belongs_to(row[0])):
        of_it = list(run)
        found.append(Entry(of_it, phrases([row[0] for row in of_it], names)))
    return found


def belongs_to(event: Event) -> tuple[object, ...]:
    """Equal for events of one entry: changes of rows, that is; signing in or looking stands by itself."""
    if event.imported_at or not event.table_name or event.action not in MEMBER_VERBS:
        return (event.event_id,)
    return event.xact_id, event.actor_id, event.actor_name, event.db_user


def cut(entry: Entry, more: int) -> Entry:
    """An entry that goes on beside the page."""
    return replace(entry, more=entry.more + more)


def phrases(events: Sequence[Event], names: Names) -> list[Sentence]:
    """What happened, oldest first: one phrase for each kind of change."""
    kinds: dict[tuple[str, str, str | None], list[Event]] = {}
    for event in reversed(events):
        member = event.details is not None
        kinds.setdefault((event.action, event.entity, event.table_name if member else None), []).append(event)
    # “it”: the one record whose own row was written, as long as the members that came and went were its memberships.
    own = {(event.entity, event.record_id) for event in events if event.details is None}
    it = next(iter(own)) if len(own) == 1 else None
    said = [_of_members(found, names, it) if table else _of_records(found) for (_, _, table), found in kinds.items()]
    if len(said) > MOST_PHRASES:
        rest = sum(len(found) for found in list(kinds.values())[MOST_PHRASES:])
        return [*said[:MOST_PHRASES], Sentence("", f"{rest:,} more changes")]
    return said


def _of_records(found: Sequence[Event]) -> Sentence:
    first = found[0]
    entity = first.entity.replace("_", " ")
    records = {event.record_id: event.record_label or event.record_id or "" for event in found}
    what = f"{entity} {next(iter(records.values()))}" if len(records) == 1 else several(len(records), entity)
    note = "the whole table was emptied" if first.action == "truncate" else ""
    return _phrase(first, VERBS, what.strip(), note)


def _of_members(found: Sequence[Event], names: Names, it: tuple[str, str | None] | None) -> Sentence:
    first = found[0]
    noun = member_noun(first)
    parents = {event.record_id: event.record_label or event.record_id or "" for event in found}
    entity = first.entity.replace("_", " ")
    parent = f"{entity} {next(iter(parents.values()))}" if len(parents) == 1 else several(len(parents), entity)
    if it and len(found) == len(parents) and all(_is_of(event, names, it) for event in found):
        what = "it"
    elif it == (first.entity, first.record_id) and len(parents) == 1:
        what, parent = several(len(found), noun), "it"
    else:
        what = several(len(found), noun)
    return _phrase(first, MEMBER_VERBS, f"{what} {JOINTS[first.action]} {parent}")


def _phrase(event: Event, verbs: Mapping[str, str], what: str, note: str = "") -> Sentence:
    tone, mark = TONES.get(event.action, "neutral"), MARKS.get(event.action, "")
    return Sentence(verbs[event.action], what, note, tone, mark)


def _is_of(event: Event, names: Names, it: tuple[str, str | None]) -> bool:
    """Whether a row that belongs to one record refers to this other one."""
    return any(
        (names.referred.get((event.schema_name, event.table_name, column)), str(value)) == it
        for column, value in (event.details or {}).items()
    )


def by_kind(members: Sequence[Event]) -> list[tuple[str, list[Event]]]:
    """The rows that belong to a record: “12 members”, and each of them."""
    kinds = [(noun, list(events)) for noun, events in groupby(members, key=member_noun)]
    return [(several(len(events), noun), events) for noun, events in kinds]


def several(number: int, noun: str) -> str:
    """1 contact, 12 contacts, 3 companies."""
    if number == 1:
        return f"1 {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{number:,} {noun[:-1]}ies"
    return f"{number:,} {noun}{'es' if noun.endswith(('s', 'x', 'ch', 'sh')) else 's'}"
