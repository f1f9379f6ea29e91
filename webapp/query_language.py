"""The filters on one line: `actor:17 action:delete -entity:group created:2026-10 "main street"`."""

from __future__ import annotations

import re
from dataclasses import replace

from . import periods
from .errors import FilterError
from .filter_fields import FIELDS, nearest, read_value
from .filters import MOST_TERMS, Filters, Term

NAMES = [*FIELDS, "created"]
WORDS = "words"
#: A name and a colon, or none, then a quoted text or what goes on to the next space.
PIECE = re.compile(
    r"""\s* (?P<piece>
      (?P<minus>-?) (?: (?P<name>[^\s":]+) : )?
      (?: " (?P<quoted> (?:[^"\\] | \\.)* ) (?P<end>"?) | (?P<bare>\S*) )
    )""",
    re.VERBOSE | re.DOTALL,
)
LONGEST = 6000


class QueryError(FilterError):
    """A query that cannot be understood: `start` and `end` are the piece that the message is about."""

    def __init__(self, message: str, text: str, start: int, end: int) -> None:
        super().__init__("q", message)
        self.before, self.piece, self.after = text[:start], text[start:end], text[end:]


def parse(text: str, zone: str = "UTC") -> Filters:
    """What a query says, with its dates as days of `zone`; raises QueryError."""
    found = Filters(zone=zone)
    terms: list[Term] = []
    text = text.rstrip()
    place = 0
    if len(text) > LONGEST:
        raise QueryError(f"This is too long: at most {LONGEST} characters.", text, 0, 0)
    while place < len(text):
        match = PIECE.match(text, place)
        assert match is not None  # every part of it may be empty
        place = match.end()
        try:
            if match["end"] == "":
                raise FilterError("q", 'This quote is not closed: put a " at its end.')
            if match["end"] and not text[place : place + 1].isspace() and place < len(text):
                raise FilterError("q", 'After a closing quote comes a space: put one there, or \\" for a quote inside.')
            if (match["name"] or "").casefold() == "created":
                if found.has_dates():
                    raise FilterError(
                        "q", "“created” is there twice: give it once, as in created:2026-10-01..2026-10-31."
                    )
                found = _created(found, match)
            else:
                terms.append(_term(match))
            if len(terms) > MOST_TERMS:
                raise FilterError("q", f"This is more than {MOST_TERMS} filters: leave some out.")
        except FilterError as error:
            raise QueryError(str(error), text, match.start("piece"), place) from None
    return replace(found, terms=tuple(terms))


def write(filters: Filters) -> str:
    """The query that says the same."""
    pieces = [_piece(term) for term in filters.terms]
    if filters.has_dates():
        pieces.append(f"created:{filters.period or periods.written(filters.start, filters.end)}")
    return " ".join(pieces)


def _value(match: re.Match[str]) -> str:
    if match["bare"] is None:
        return re.sub(r"\\(.)", r"\1", match["quoted"], flags=re.DOTALL)
    return match["bare"]


def _term(match: re.Match[str]) -> Term:
    value, negated = _value(match), bool(match["minus"])
    name = WORDS if match["name"] is None else match["name"].casefold()
    if name not in FIELDS:
        searched = match["piece"].removeprefix("-")
        cure = "" if '"' in searched else f' To search for the text itself, put it in quotes: "{searched}".'
        raise FilterError("q", f"There is no field “{match['name']}”{nearest(name, NAMES)}{cure}")
    if not value.strip():
        choices = FIELDS[name].choices
        like = f"one of {', '.join(choices)}" if choices else f"for example {name}:{FIELDS[name].example or 'street'}"
        raise FilterError(
            "q",
            f"“{name}:” is followed by nothing: write {like}."
            if match["name"]
            else "These are no words: write what to look for.",
        )
    return Term(name, read_value(name, value), negated)


def _created(found: Filters, match: re.Match[str]) -> Filters:
    if match["minus"]:
        raise FilterError(
            "q", "Days cannot be left out: write the range that you want, as in created:2026-10-01..2026-10-31."
        )
    value = _value(match).strip()
    if value.casefold() in periods.PERIODS:
        return replace(found, period=value.casefold())
    start, end = periods.read(value)
    return replace(found, start=start, end=end)


def _piece(term: Term) -> str:
    value = term.value
    name = "" if term.field == WORDS else f"{term.field}:"
    plain = not re.search(r"\s", value) and not value.startswith('"')
    if not name:
        plain = plain and not value.startswith("-") and ":" not in value
    if not plain:
        value = '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    return f"{'-' if term.negated else ''}{name}{value}"
