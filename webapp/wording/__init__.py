"""Events in words. Every sentence of the report is made here."""

from .characters import visible
from .diffs import FieldChange, changed_names, diff, sides, state, summary
from .facts import facts, readable_table
from .sentences import Sentence, sentence, subject
from .times import duration, exact, moment, zone_label
from .values import as_json, plain, readable

__all__ = [
    "FieldChange",
    "Sentence",
    "as_json",
    "changed_names",
    "diff",
    "duration",
    "exact",
    "facts",
    "moment",
    "plain",
    "readable",
    "readable_table",
    "sentence",
    "sides",
    "state",
    "subject",
    "summary",
    "visible",
    "zone_label",
]
