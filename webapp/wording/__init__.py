"""Events in words. Every sentence of the report is made here."""

from .characters import visible
from .diffs import FieldChange, changed_names, diff, sides, state, summary
from .facts import facts, readable_table
from .health import harm, listed, searching
from .rights import right
from .sentences import Sentence, member, sentence, subject
from .times import ago, days, duration, exact, moment, zone_label
from .together import Entry, apart, belongs_to, by_kind, cut, rows, together
from .values import as_json, plain, readable

__all__ = [
    "Entry",
    "FieldChange",
    "Sentence",
    "ago",
    "apart",
    "as_json",
    "belongs_to",
    "by_kind",
    "changed_names",
    "cut",
    "days",
    "diff",
    "duration",
    "exact",
    "facts",
    "harm",
    "listed",
    "member",
    "moment",
    "plain",
    "readable",
    "readable_table",
    "right",
    "rows",
    "searching",
    "sentence",
    "sides",
    "state",
    "subject",
    "summary",
    "together",
    "visible",
    "zone_label",
]
