"""Two values side by side: by path where they are nested, by words where they are long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import groupby
from typing import cast

from .values import plain, stands_for_large

LONG = 40  # characters from which a text is compared by words
ALIKE = 0.4  # share of words in common below which two texts are simply two texts
#: Texts that differ in more words than this are shown whole: comparing them could take seconds.
MOST_WORDS = 2000
RUN, EDGE = 40, 12  # of so many unchanged words in a row, only so many at each end are shown
MOST_PATHS = 200
WORD = re.compile(r"\s*\S+|\s+")


@dataclass(frozen=True)
class Piece:
    """Part of a text: kept, removed, added, or a gap that stands for words that both texts have."""

    text: str
    kind: str


Pieces = list[Piece]


def by_path(name: str, before: object, after: object) -> list[tuple[str, object, object]]:
    """What differs within a field: (path, before, after); a path that one side does not have is None there."""
    found = list[tuple[str, object, object]]()
    for found_path in _differences(name, before, after):
        found.append(found_path)
        if len(found) > MOST_PATHS:
            break
    return found if 0 < len(found) <= MOST_PATHS else [(name, before, after)]


def _differences(path: str, before: object, after: object) -> Iterator[tuple[str, object, object]]:
    if _is_nested(before) and _is_nested(after) and type(before) is type(after):
        if isinstance(before, dict):
            old, new = cast(dict[str, object], before), cast(dict[str, object], after)
            for key in [*new, *(k for k in old if k not in new)]:
                yield from _inner(f"{path} › {key}", key in old, old.get(key), key in new, new.get(key))
            return
        yield from _of_lists(path, cast(list[object], before), cast(list[object], after))
    else:
        yield path, before, after


def _of_lists(path: str, old: list[object], new: list[object]) -> Iterator[tuple[str, object, object]]:
    if _scalars(old) and _scalars(new):  # read best as one line each: see by_words
        yield path, old, new
        return
    for kind, i, i_end, j, j_end in SequenceMatcher(
        None, [plain(x) for x in old], [plain(x) for x in new]
    ).get_opcodes():
        if kind == "equal":
            continue
        both = min(i_end - i, j_end - j)
        for n in range(both):
            yield from _inner(f"{path} › {j + n + 1}", True, old[i + n], True, new[j + n])
        for n in range(i + both, i_end):
            yield from _inner(f"{path} › {n + 1}", True, old[n], False, None)
        for n in range(j + both, j_end):
            yield from _inner(f"{path} › {n + 1}", False, None, True, new[n])


def _inner(path: str, in_old: bool, old: object, in_new: bool, new: object) -> Iterator[tuple[str, object, object]]:
    # As written, too: 1.0 and 1.00 are equal numbers, and not the same value.
    if in_old and in_new and type(old) is type(new) and old == new and plain(old) == plain(new):
        return
    # Within a value, null is one; None stands for what is not there.
    yield from _differences(path, "null" if in_old and old is None else old, "null" if in_new and new is None else new)


def _is_nested(value: object) -> bool:
    return isinstance(value, dict | list) and bool(value) and not stands_for_large(value)


def _scalars(items: Sequence[object]) -> bool:
    return all(isinstance(item, str | int | Decimal) for item in items)


def by_words(before: object, after: object) -> tuple[Pieces, Pieces] | None:
    """Two long texts, or two lists of plain values, in pieces; None where comparing them would not help the reader."""
    if isinstance(before, str) and isinstance(after, str):
        if max(len(before), len(after)) < LONG:
            return None
        return _compared(WORD.findall(before), WORD.findall(after), between="")
    if isinstance(before, list) and isinstance(after, list):
        old, new = cast(list[object], before), cast(list[object], after)
        if old and new and _scalars(old) and _scalars(new):
            return _compared([plain(item) for item in old], [plain(item) for item in new], between=", ")
    return None


def _compared(old: list[str], new: list[str], between: str) -> tuple[Pieces, Pieces] | None:
    first = 0  # how much is the same before the first difference, and after the last one
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    inner_old, inner_new = old[first : len(old) - last], new[first : len(new) - last]
    if max(len(inner_old), len(inner_new)) > MOST_WORDS or not (inner_old or inner_new):
        return None
    changes = SequenceMatcher(None, inner_old, inner_new).get_opcodes()
    kept = first + last + sum(end - start for kind, start, end, _, _ in changes if kind == "equal")
    if 2 * kept < ALIKE * (len(old) + len(new)):
        return None

    def pieces(words: list[str], inner: list[tuple[str, list[str]]]) -> Pieces:
        runs = [("equal", words[:first]), *inner, ("equal", words[len(words) - last :])]
        return _pieces([(kind, run) for kind, run in runs if run], between)

    removed = [("equal" if kind == "equal" else "removed", inner_old[i:j]) for kind, i, j, _, _ in changes]
    added = [("equal" if kind == "equal" else "added", inner_new[i:j]) for kind, _, _, i, j in changes]
    return pieces(old, removed), pieces(new, added)


def _pieces(runs: list[tuple[str, list[str]]], between: str) -> Pieces:
    found = list[Piece]()
    for kind, grouped in groupby(runs, key=lambda run: run[0]):
        words = [word for _, run in grouped for word in run]
        if found and between:
            found.append(Piece(between, "kept"))
        if kind != "equal":
            text = between.join(words)
            marked = text.lstrip() or text  # a word is marked, the space before it is not
            found += [Piece(t, k) for t, k in ((text[: len(text) - len(marked)], "kept"), (marked, kind)) if t]
        elif len(words) <= RUN:
            found.append(Piece(between.join(words), "kept"))
        else:
            found.append(Piece(between.join(words[:EDGE]), "kept"))
            unit = "entries" if between else "words"
            found.append(Piece(f"… {len(words) - 2 * EDGE:,} {unit} unchanged …", "gap"))
            found.append(Piece(between.join(words[-EDGE:]).lstrip(), "kept"))
    return found
