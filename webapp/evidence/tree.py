"""The Merkle tree as the database keeps it: leaves, and the roots of 256, 65536, … of them."""

from __future__ import annotations

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


def subtree(connection: Connection, low: int, high: int) -> bytes:
    """The root over leaves low to high - 1, of any number."""
    tree = Tree()
    level = min((high - low).bit_length() - 1, _aligned(low)) // STEP * STEP
    if level == 0:
        for (leaf,) in connection.execute(
            "select leaf_hash from audit.leaves where leaf_index >= %s and leaf_index < %s order by leaf_index",
            (low, high),
        ):
            tree.append(leaf)
        return tree.root()
    whole = high >> level
    for (node,) in connection.execute(
        "select hash from audit.nodes where level = %s and position >= %s and position < %s order by position",
        (level, low >> level, whole),
    ):
        tree.append(node)
    if whole << level == high:
        return tree.root()
    return join([*tree.edge, subtree(connection, whole << level, high)])


def _aligned(low: int) -> int:
    return (low & -low).bit_length() - 1 if low else 63


def proof_nodes(connection: Connection, size: int, leaves: list[int], cut: int = 0) -> list[bytes]:
    """What somebody who knows these leaves needs to compute the root of the first `size`."""
    return [subtree(connection, low, high) for low, high in missing_ranges(size, leaves, cut)]
