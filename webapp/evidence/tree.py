"""The Merkle tree as the database keeps it: leaves, and the roots of 256, 65536, … of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import psycopg

from .proof import Tree, join, missing_ranges

Connection = psycopg.Connection[tuple[Any, ...]]

STEP = 8  # each STEPth level is kept


def kept_nodes(first: int, made: list[list[bytes]]) -> list[tuple[int, int, bytes]]:
    """(level, position, hash) of the nodes to keep, from what Tree.append() returned for leaves from `first` on."""
    return [
        (level, (first + place) >> level, hashes[level])
        for place, hashes in enumerate(made)
        for level in range(STEP, len(hashes), STEP)
    ]


def edge(connection: Connection, size: int) -> Tree:
    """The tree over the first `size` leaves, ready to grow."""
    pieces: list[bytes] = []
    low = 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            pieces.append(subtree(connection, low, low + (1 << bit)))
            low += 1 << bit
    return Tree(size, pieces)


Hashes = Callable[[int, int, int], Sequence[bytes]]  # of a level, from a position, to another


def subtree(connection: Connection, low: int, high: int, hashes: Hashes | None = None) -> bytes:
    """The root over leaves low to high - 1, of any number."""
    tree = Tree()
    level = min((high - low).bit_length() - 1, _aligned(low)) // STEP * STEP
    whole = high >> level
    for node in (hashes or partial(_hashes, connection))(level, low >> level, whole):
        tree.append(node)
    if whole << level == high:
        return tree.root()
    return join([*tree.edge, subtree(connection, whole << level, high, hashes)])


def _hashes(connection: Connection, level: int, first: int, after: int) -> list[bytes]:
    if level == 0:
        query = "select leaf_hash from audit.leaves where leaf_index >= %s and leaf_index < %s order by leaf_index"
        return [row[0] for row in connection.execute(query, (first, after))]
    query = "select hash from audit.nodes where level = %s and position >= %s and position < %s order by position"
    return [row[0] for row in connection.execute(query, (level, first, after))]


def _aligned(low: int) -> int:
    return (low & -low).bit_length() - 1 if low else 63


def proof_nodes(connection: Connection, size: int, leaves: list[int], cut: int = 0) -> list[bytes]:
    """What somebody who knows these leaves needs to compute the root of the first `size`."""

    # A file of events from all over the log asks for many small subtrees side by side: each block is read once.
    @lru_cache(maxsize=8)
    def block(level: int, number: int) -> list[bytes]:
        return _hashes(connection, level, number << STEP, (number + 1) << STEP)

    def hashes(level: int, first: int, after: int) -> Sequence[bytes]:
        if after <= first or first >> STEP != (after - 1) >> STEP:
            return _hashes(connection, level, first, after)
        begin = first >> STEP << STEP
        return block(level, first >> STEP)[first - begin : after - begin]

    return [subtree(connection, low, high, hashes) for low, high in missing_ranges(size, leaves, cut)]
