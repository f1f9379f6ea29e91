"""The query language: what it says is what an address and the form say, and a mistake is marked where it is."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.filter_fields import FIELDS
from webapp.filters import Filters, Term
from webapp.periods import PERIODS
from webapp.query_language import QueryError, parse, write
from webapp.scopes import EVERYTHING

ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60)
VALUES: dict[str, st.SearchStrategy[str]] = {
    "address": st.one_of(st.ip_addresses().map(str), st.just("10.0.0.0/8"), st.just("2001:db8::/32")),
    "transaction": st.integers(0, 2**64 - 1).map(str),
    "hour": st.integers(0, 23).map(str),
}


@st.composite
def any_terms(draw: st.DrawFn) -> Term:
    name = draw(st.sampled_from(list(FIELDS)))
    choices = FIELDS[name].choices
    free = VALUES.get(name, TEXTS.map(str.strip).filter(bool))
    return Term(name, draw(st.sampled_from(list(choices)) if choices else free), draw(st.booleans()))


@st.composite
def any_filters(draw: st.DrawFn) -> Filters:
    days = st.one_of(st.none(), st.dates(date(1900, 1, 1), date(9000, 12, 31)))
    ends = [day for day in (draw(days), draw(days)) if day]
    period = draw(st.sampled_from(["", *PERIODS])) if not ends else ""
    return Filters(
        terms=tuple(draw(st.lists(any_terms(), max_size=6))),
        start=min(ends, default=None),
        end=max(ends) if len(ends) == 2 else None,
        period=period,
        zone=draw(st.sampled_from(ZONES)),
    )


@given(any_filters())
def test_filters_query_and_address_say_the_same(filters: Filters) -> None:
    assert parse(write(filters), filters.zone) == filters
    assert Filters.from_query({**filters.to_query(), "view": "kept"}, kept=lambda _: filters.private) == filters
    assert Filters.from_query(filters.recorded()) == filters
    assert "words" not in filters.to_query()


@given(st.text(max_size=120))
def test_any_line_is_understood_or_refused_with_the_place_marked(text: str) -> None:
    try:
        filters = parse(text)
    except QueryError as error:
        marked = error
    else:
        filters.conditions(EVERYTHING)
        assert parse(write(filters)) == filters
        return
    assert marked.before + marked.piece + marked.after == text.rstrip()
    assert str(marked).endswith(("?", "."))


def test_a_line_of_everything() -> None:
    said = parse('actor:17 action:delete -entity:group field:email created:2026-10-01..2026-10-31 "main street" -draft')
    assert said.to_query() == {
        "from": "2026-10-01",
        "to": "2026-10-31",
        "action": "delete",
        "actor": "17",
        "-entity": "group",
        "field": "email",
        "tz": "UTC",
    }
    assert said.private == (Term("words", "main street"), Term("words", "draft", negated=True))
    assert parse("Action:DELETE ACTOR:17 action:delete") == parse("actor:17 action:delete")
    assert parse(r'record:["a","b"] "say \"hi\" \\ there"').terms == (
        Term("record", '["a","b"]'),
        Term("words", r"say \"hi\" \ there".replace('\\"', '"')),
    )
    assert parse("address:10.1.2.3/8").value("address") == "10.0.0.0/8"


@pytest.mark.parametrize(
    ("days", "start", "end"),
    [
        ("2026-10-31", "2026-10-31", "2026-10-31"),
        ("2026-02", "2026-02-01", "2026-02-28"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-10-01..2026-10-31", "2026-10-01", "2026-10-31"),
        ("2025..2026-02", "2025-01-01", "2026-02-28"),
        (">=2026-10-01", "2026-10-01", None),
        (">2026-10", "2026-11-01", None),
        ("<2026-10-01", None, "2026-09-30"),
        ("<=2026-10", None, "2026-10-31"),
        ("2026-10-01..*", "2026-10-01", None),
        ("..2026-10", None, "2026-10-31"),
    ],
)
def test_days_as_people_write_them(days: str, start: str | None, end: str | None) -> None:
    found = parse(f"created:{days}")
    assert (found.start, found.end) == tuple(date.fromisoformat(day) if day else None for day in (start, end))


MISTAKES = {
    "ada actoin:delete": ("actoin:delete", "There is no field “actoin”: did you mean “action”?"),
    "who:17": ("who:17", "did you mean “actor”?"),
    "at 12:30": ("12:30", 'To search for the text itself, put it in quotes: "12:30".'),
    "action:delte ada": ("action:delte", "“delte” is not one of insert, update"),
    "action:removed": ("action:removed", "“removed” is not one of"),
    'ada "main street': ('"main street', 'This quote is not closed: put a " at its end.'),
    '"a"b': ('"a"', "After a closing quote comes a space"),
    "actor: 17": ("actor:", "“actor:” is followed by nothing: write for example actor:17."),
    'a ""': ('""', "These are no words"),
    "created:2026-13-01": ("created:2026-13-01", "“2026-13-01” is not a date: write 2026-10-31"),
    "created:..": ("created:..", "A range needs a first or a last day"),
    "created:2026-03..2026-02": ("created:2026-03..2026-02", "The last day, 2026-02-28, is before the first"),
    "created:2026 created:2025": ("created:2025", "“created” is there twice"),
    "-created:2026": ("-created:2026", "Days cannot be left out"),
    "created:<1900": ("created:<1900", "The year 1899 is out of reach."),
    "address:300.1.1.1": ("address:300.1.1.1", "write 192.0.2.7, 192.0.2.0/24 or 2001:db8::1."),
    "transaction:x": ("transaction:x", "is not the number of a transaction"),
    "no:cheese": ("no:cheese", "is not one of actor, application, address, record"),
    f"record:{'x' * 2001}": (f"record:{'x' * 2001}", "This is too long: at most 2000 characters."),
    " ".join(f"actor:{n}" for n in range(41)): ("actor:40", "This is more than 40 filters"),
    "x" * 6001: ("", "This is too long: at most 6000 characters."),
}


def test_a_mistake_is_marked_and_its_cure_named() -> None:
    for text, (piece, says) in MISTAKES.items():
        with pytest.raises(QueryError) as caught:
            parse(text)
        assert caught.value.piece == piece, text
        assert says in str(caught.value), text
