"""How two values are told apart: by path, by words, and never by colour alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, ROW, imported, text_of
from webapp.wording.comparing import MOST_PATHS, Piece, by_path, by_words

Visitor = Callable[..., Browser]

LETTER = "Dear Ms Lovelace, your order will arrive on Monday between nine and noon at the back door."


def marked(pieces: list[Piece]) -> str:
    signs = {"removed": "-", "added": "+", "gap": "~", "kept": ""}
    return "".join(f"[{signs[p.kind]}{p.text}]" if signs[p.kind] else p.text for p in pieces)


def words(before: object, after: object) -> tuple[str, str]:
    found = by_words(before, after)
    assert found
    return marked(found[0]), marked(found[1])


def test_a_nested_value_is_compared_by_path() -> None:
    before = {"address": {"city": "Paris", "zip": "75001"}, "theme": "light", "old": 1, "gone": None}
    after = {"address": {"city": "Rome", "zip": "75001"}, "theme": "light", "new": [1, 2], "old": None}
    assert by_path("settings", before, after) == [
        ("settings › address › city", "Paris", "Rome"),
        ("settings › new", None, [1, 2]),
        ("settings › old", 1, "null"),
        ("settings › gone", "null", None),
    ]


def test_items_of_a_list_are_found_where_they_are_now() -> None:
    before = [{"kind": "work", "no": 1}, {"kind": "home", "no": 2}]
    after = [{"kind": "fax", "no": 9}, {"kind": "work", "no": 1}, {"kind": "home", "no": 3}]
    assert by_path("phones", before, after) == [
        ("phones › 1", None, {"kind": "fax", "no": 9}),
        ("phones › 3 › no", 2, 3),
    ]


def test_values_of_two_kinds_and_very_many_differences_are_shown_whole() -> None:
    assert by_path("a", {"b": 1}, [1]) == [("a", {"b": 1}, [1])]
    assert by_path("a", {}, {"b": 1}) == [("a", {}, {"b": 1})]
    assert by_path("a", {"b": 1}, {"b": 1}) == [("a", {"b": 1}, {"b": 1})]
    many = {str(n): n for n in range(MOST_PATHS + 1)}
    other = {str(n): -1 for n in range(MOST_PATHS + 1)}
    assert by_path("a", many, other) == [("a", many, other)]
    large = {"$size": 2_000_000, "$sha256": "ab"}
    assert by_path("a", large, large | {"$sha256": "cd"}) == [("a", large, large | {"$sha256": "cd"})]


def test_a_long_text_is_compared_by_words() -> None:
    after = LETTER.replace(" Monday", " Tuesday morning").replace("back ", "")
    old, new = words(LETTER, after)
    assert old == LETTER.replace(" Monday", " [-Monday]").replace(" back", " [-back]")
    assert new == after.replace(" Tuesday morning", " [+Tuesday morning]")


def test_plain_lists_are_compared_item_by_item() -> None:
    assert words(["a", "b", "c"], ["a", "c", "d"]) == ("a, [-b], c", "a, c, [+d]")


def test_of_a_very_long_text_only_what_is_near_the_change_is_shown() -> None:
    many = " ".join(f"w{n}" for n in range(10_000))
    old, new = words(many, many.replace("w5000 ", "here "))
    assert " [-w5000]" in old
    assert " [+here]" in new
    assert "[~… 4,976 words unchanged …]" in new
    assert len(new) < 1000


def test_texts_with_little_in_common_or_too_much_to_compare_are_shown_whole() -> None:
    assert by_words("short", "text") is None
    assert by_words(LETTER, "Completely other words have been written here, none of which was there before.") is None
    assert by_words("a " * 3000, "b " * 3000) is None
    assert by_words([1, 2], ["1", "2"]) is None


TEXTS = st.lists(st.sampled_from(["the", "cat", "sat", "\n", "  on", "mat."]), max_size=80).map(" ".join)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4),
)


@settings(deadline=None, derandomize=True)
@given(TEXTS, TEXTS)
def test_the_pieces_of_a_side_are_that_side(before: str, after: str) -> None:
    found = by_words(before, after)
    for side, text in zip(found or (), (before, after), strict=False):
        if "gap" not in {piece.kind for piece in side}:
            assert "".join(piece.text for piece in side) == text


@settings(deadline=None, derandomize=True)
@given(JSON, JSON)
def test_whatever_differs_is_named_and_nothing_else(before: Any, after: Any) -> None:
    for _, old, new in by_path("f", before, after):
        assert before == after or (type(old), old) != (type(new), new)


def test_the_page_marks_words_by_more_than_colour(db: Database, visitor: Visitor) -> None:
    images = {
        "before": {"notes": LETTER, "settings": {"theme": "light", "size": 1}},
        "after": {"notes": LETTER.replace("Monday", "Friday"), "settings": {"theme": "dark", "size": 1}},
    }
    (event_id,) = imported(db, {**ROW, "action": "update", **images})
    html = visitor("auditor").get(f"{REPORT}/events/{event_id}")
    assert "<del>Monday</del>" in html
    assert "<ins>Friday</ins>" in html
    assert "settings › theme light dark" in text_of(html)
