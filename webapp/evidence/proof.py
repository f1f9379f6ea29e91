#!/usr/bin/env python3
"""Checks evidence of the audit log: proofs of events and of growth. FORMAT.md describes every byte.

Needs the standard library and `cryptography` alone, so that an auditor can take this one file along:
    python3 proof.py --key auditlog+1a2b3c4d+AbCd… proof.ndjson
    python3 proof.py --key seal.key.pub export.csv.manifest.json
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import os
import re
import sys
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EMPTY_ROOT = hashlib.sha256(b"").digest()
NOTHING = bytes(32)
ED25519 = b"\x01"
T = TypeVar("T")
R = TypeVar("R")


class Broken(Exception):
    """The evidence does not hold. `verdict` is one of the words that FORMAT.md lists."""

    def __init__(self, verdict: str, message: str) -> None:
        super().__init__(verdict, message)  # so that one process can hand it to another
        self.verdict = verdict
        self.message = message

    def __str__(self) -> str:
        return f"{self.verdict}: {self.message}"


class Unproven(Exception):
    """There is nothing in the file that could be checked; the message says what could."""


# -- the tree, as in RFC 6962 --------------------------------------------------------------------


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def payload_commit(salt: bytes, details: str, old_row: str | None, new_row: str | None) -> bytes:
    """What a leaf says of the payload: nothing can be guessed from it without the salt."""
    parts = (
        NOTHING if text is None else hashlib.sha256(text.encode()).digest() for text in (details, old_row, new_row)
    )
    return hashlib.sha256(salt + b"".join(parts)).digest()


def leaf_hash(header: str, commit: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + header.encode() + commit).digest()


class Tree:
    """A Merkle tree of which only the right edge is kept: its complete subtrees, largest first."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        self.size = size
        self.edge = list(edge)

    def append(self, leaf: bytes) -> list[bytes]:
        """Add a leaf; return the complete subtrees that end with it, from the leaf itself upwards."""
        made = [leaf]
        size = self.size
        while size & 1:
            made.append(node_hash(self.edge.pop(), made[-1]))
            size >>= 1
        self.edge.append(made[-1])
        self.size += 1
        return made

    def root(self) -> bytes:
        return join(self.edge)


def join(edge: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, which stand from left to right."""
    if not edge:
        return EMPTY_ROOT
    root = edge[-1]
    for left in reversed(edge[:-1]):
        root = node_hash(left, root)
    return root


def split(size: int) -> int:
    """The size of the left subtree: the largest power of two that is smaller."""
    return 1 << (size - 1).bit_length() - 1


def missing_ranges(size: int, leaves: Sequence[int], cut: int = 0) -> Iterator[tuple[int, int]]:
    """The subtrees that a proof must state, from left to right: those without one of the leaves or the cut inside."""

    def walk(low: int, high: int, first: int, last: int) -> Iterator[tuple[int, int]]:
        if first == last and not low < cut < high:
            yield low, high
        elif high - low > 1:
            middle = low + split(high - low)
            between = bisect_left(leaves, middle, first, last)
            yield from walk(low, middle, first, between)
            yield from walk(middle, high, between, last)

    if size:
        yield from walk(0, size, 0, len(leaves))


def roots(size: int, leaves: Sequence[tuple[int, bytes]], nodes: Sequence[bytes], cut: int = 0) -> tuple[bytes, bytes]:
    """(root of the whole, root of its first `cut` leaves) from known leaves, sorted, and the nodes of a proof."""
    numbers = [number for number, _ in leaves]
    given = iter(nodes)
    before: list[bytes] = []

    def walk(low: int, high: int, first: int, last: int) -> bytes:
        if first == last and not low < cut < high:
            found = next(given, b"")
        elif high - low == 1:
            found = leaves[first][1]
        else:
            middle = low + split(high - low)
            between = bisect_left(numbers, middle, first, last)
            return node_hash(walk(low, middle, first, between), walk(middle, high, between, last))
        if high <= cut:
            before.append(found)
        return found

    if numbers != sorted(set(numbers)) or (numbers and not 0 <= numbers[0] <= numbers[-1] < size):
        raise Broken("altered", "the proof speaks of places that the tree does not have, or of one twice")
    whole = walk(0, size, 0, len(numbers)) if size else EMPTY_ROOT
    if next(given, None) is not None or any(len(node) != 32 for node in nodes):
        raise Broken("altered", "the proof has nodes that belong nowhere")
    return whole, join(before)


# -- signed notes --------------------------------------------------------------------------------


@dataclass(frozen=True)
class PublicKey:
    """A key as auditors keep it: name+id+key, the verifier key of signed notes."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Raise ValueError unless the text is a whole key."""
        if "PRIVATE KEY" in text:
            raise ValueError("it is the private key: give the public half, which `auditlog keys show` prints")
        name, _, rest = text.strip().partition("+")
        stated, _, encoded = rest.partition("+")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raw = b""
        if len(raw) != 33 or raw[:1] != ED25519 or not name:
            raise ValueError("not a public key of the form name+id+key")
        key = cls(name, raw[1:])
        if key.id.hex() != stated:
            raise ValueError("the public key is damaged: its id does not fit")
        return key

    def has_signed(self, note: Note) -> bool:
        for name, signature in note.signatures:
            if name == self.name and signature[:4] == self.id:
                try:
                    Ed25519PublicKey.from_public_bytes(self.raw).verify(signature[4:], note.text.encode())
                except InvalidSignature:
                    continue
                return True
        return False


@dataclass(frozen=True)
class Note:
    """A text and its signatures."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        text, found, block = note.rstrip("\n").rpartition("\n\n")
        if not found:
            text, block = note.rstrip("\n"), ""
        signatures: list[tuple[str, bytes]] = []
        for line in block.splitlines():
            dash, name, encoded = [*line.split(" "), "", ""][:3]
            try:
                signatures.append((name, base64.b64decode(encoded, validate=True)))
            except binascii.Error:
                dash = ""
            if dash != "—":
                raise Broken("altered", "a checkpoint has a line of signature that cannot be read")
        return cls(text + "\n", tuple(signatures))


LINES = re.compile(
    r"(?P<origin>\S+)\n(?P<size>\d+)\n(?P<root>[A-Za-z0-9+/=]{44})\nnumber (?P<number>\d+)\ntime (?P<time>\S+)\n"
    r"horizon (?P<horizon>\d+)\nprevious (?P<previous>[A-Za-z0-9+/=]{44})\n(?:next-key (?P<next_key>\S+)\n)?"
)


@dataclass(frozen=True)
class Checkpoint:
    """What a signed note says: the first `size` leaves have this root."""

    note: Note
    origin: str
    size: int
    root: bytes
    number: int
    time: datetime
    horizon: int
    previous: bytes
    next_key: PublicKey | None

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        note = Note.parse(text)
        found = LINES.fullmatch(note.text)
        if not found:
            raise Broken("altered", "a checkpoint cannot be read")
        try:
            return cls(
                note,
                found["origin"],
                int(found["size"]),
                base64.b64decode(found["root"]),
                int(found["number"]),
                datetime.fromisoformat(found["time"]),
                int(found["horizon"]),
                base64.b64decode(found["previous"]),
                PublicKey.parse(found["next_key"]) if found["next_key"] else None,
            )
        except ValueError as error:
            raise Broken("altered", f"a checkpoint cannot be read ({error})") from None

    @property
    def digest(self) -> bytes:
        """What the next checkpoint calls its previous one."""
        return hashlib.sha256(self.note.text.encode()).digest()

    @property
    def log(self) -> str:
        """The origin without the number of its life."""
        return self.origin.rpartition("/")[0]

    def __str__(self) -> str:
        return f"checkpoint {self.number} of {self.time:%Y-%m-%d %H:%M:%S} UTC ({counted(self.size)})"


def counted(number: int, what: str = "event") -> str:
    """A number of things in words."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@dataclass
class Trust:
    """The key that must have signed now: the one given, then each that its predecessor has named."""

    key: PublicKey

    def __post_init__(self) -> None:
        self.seen = [self.key]

    def knows(self, checkpoint: Checkpoint) -> bool:
        """Whether one of the keys so far has signed it."""
        return any(key.has_signed(checkpoint.note) for key in self.seen)

    def require(self, checkpoint: Checkpoint) -> None:
        """Raise Broken unless the checkpoint is signed as it must be; follow it when it names the next key."""
        if not self.key.has_signed(checkpoint.note):
            if not checkpoint.note.signatures:
                raise Broken("rewritten checkpoint", f"{checkpoint} is not signed")
            wanted = f"{self.key.name}+{self.key.id.hex()}"
            earlier = "if the key has been rotated since, check with the public key of then"
            raise Broken("rewritten checkpoint", f"{checkpoint} is not signed by {wanted}: {earlier}")
        if checkpoint.next_key and checkpoint.next_key != self.key:
            if not checkpoint.next_key.has_signed(checkpoint.note):
                raise Broken("rewritten checkpoint", f"{checkpoint} names a next key that has not signed it")
            self.key = checkpoint.next_key
            self.seen.append(self.key)


def read_checkpoints(text: str) -> list[Checkpoint]:
    """Every checkpoint of an anchored file, as it stands there: notes with a blank line after each."""
    notes = re.split(r"(?<=\n)\n(?=[^\n—])", text.strip("\n") + "\n")
    return [Checkpoint.parse(note) for note in notes if note.strip()]


def require_chain(checkpoints: Sequence[Checkpoint], trust: Trust) -> None:
    """Raise Broken at the first checkpoint that does not follow the one before it, or is not signed as it must be.

    When the key at hand is one that came later, what is older is proven by the chain alone.
    """
    named = (place for place, checkpoint in enumerate(checkpoints) if checkpoint.next_key == trust.key)
    first = next(named, 0)
    for place, checkpoint in enumerate(checkpoints):
        if place >= first:
            trust.require(checkpoint)
        if place == 0:
            if checkpoint.number == 0 and checkpoint.previous != NOTHING:
                raise Broken("rewritten checkpoint", "the first checkpoint names one before it")
            continue
        before = checkpoints[place - 1]
        if checkpoint.number != before.number + 1:
            raise Broken("missing", f"between checkpoints {before.number} and {checkpoint.number}, others are missing")
        if checkpoint.previous != before.digest:
            raise Broken("rewritten checkpoint", f"{checkpoint} does not follow checkpoint {before.number} as it is")
        if checkpoint.size < before.size or checkpoint.time < before.time or checkpoint.log != before.log:
            raise Broken("rewritten checkpoint", f"{checkpoint} goes back behind checkpoint {before.number}")


# -- files of events with their proof ------------------------------------------------------------

Fields = Mapping[str, Any]
ACTIONS = {
    "i": "insert", "u": "update", "k": "update", "d": "delete", "t": "truncate", "b": "baseline", "e": "export",
    "v": "view", "s": "sign_in", "f": "sign_in_failed", "o": "sign_out", "n": "denied", "x": "erase", "r": "retain",
    "c": "configure",
}  # fmt: skip
#: Types whose values read the same in a stored row and in JSON.
PLAIN = re.compile(
    r"(text|character varying|smallint|integer|bigint|numeric|boolean|uuid|date)(\(.*\))?|citext", re.ASCII
)
UNREAD = object()  # a value that only PostgreSQL can compare
READ = json.JSONDecoder(parse_int=str, parse_float=str).decode  # numbers as they are written
PIECE = 1_000  # lines at a time
WORTH_A_PROCESS = 20  # pieces: fewer are done sooner than a second process has started
FIELD = re.compile(r'(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)')


NO_PROOFS = (
    "this file carries no proofs, so nothing of it can be checked. Files that do come from "
    "`auditlog export --format ndjson --with-proof`, from `auditlog prove EVENT`, and from the page of an event. "
    "Of any other export, check its manifest: FILE.manifest.json"
)


@dataclass
class Outcome:
    """What a file proves."""

    proven: int = 0
    erased: int = 0
    unsealed: int = 0
    erasures: set[str] = field(default_factory=set[str])  # by which requests, as the file says
    checkpoint: Checkpoint | None = None
    newer: Checkpoint | None = None  # of a proof of growth


def check_file(lines: Iterable[str], key: PublicKey, anchored: Iterable[Checkpoint] = (), *, jobs: int = 1) -> Outcome:
    """Check an export or a proof. Raises Broken where it breaks first, Unproven when it has no proofs."""
    outcome, leaves = Outcome(), dict[int, bytes]()
    evidence: Fields | None = None
    has_seals = False
    for piece in _pieces(lines, jobs):
        evidence = piece.evidence or evidence
        has_seals = has_seals or piece.has_seals
        outcome.erased += piece.erased
        outcome.unsealed += piece.unsealed
        outcome.erasures |= piece.erasures
        for number, index, leaf in piece.leaves:
            if index in leaves:
                raise Broken("altered", f"line {number}: another line claims its place")
            leaves[index] = leaf
    if evidence is None and not has_seals:
        raise Unproven(NO_PROOFS)
    if evidence is None:
        raise Broken("missing", "the file has no line of evidence at its end: it was cut")
    outcome.proven = len(leaves) - outcome.erased
    try:
        _check_evidence(evidence, leaves, key, list(anchored), outcome)
    except (ValueError, TypeError, KeyError, AttributeError, StopIteration) as error:
        raise Broken("altered", f"the line of evidence cannot be read ({error})") from None
    return outcome


@dataclass
class Piece:
    """What some lines of a file say."""

    leaves: list[tuple[int, int, bytes]] = field(default_factory=list[tuple[int, int, bytes]])  # line, place, hash
    erased: int = 0
    unsealed: int = 0
    erasures: set[str] = field(default_factory=set[str])
    evidence: Fields | None = None
    has_seals: bool = False


def _pieces(lines: Iterable[str], jobs: int) -> Iterator[Piece]:
    """A file, piece by piece; in several processes when it is long enough for that."""
    numbered = enumerate(lines, 1)
    pieces = iter(lambda: list(islice(numbered, PIECE)), [])
    first = list(islice(pieces, WORTH_A_PROCESS))
    if jobs == 1 or len(first) < WORTH_A_PROCESS:
        yield from map(_check_lines, chain(first, pieces))
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from in_order(partial(pool.submit, _check_lines), chain(first, pieces), ahead=jobs * 3)


def in_order(submit: Callable[[T], Future[R]], work: Iterable[T], *, ahead: int) -> Iterator[R]:
    """Results in the order of the work, with only so much of it under way: memory stays small."""
    waiting = iter(work)
    under_way = deque(map(submit, islice(waiting, ahead)))
    while under_way:
        yield under_way.popleft().result()
        under_way.extend(map(submit, islice(waiting, 1)))


def _check_lines(lines: list[tuple[int, str]]) -> Piece:
    piece = Piece()
    for number, line in lines:
        if not line.strip():
            continue
        if number == 1 and not line.startswith("{"):
            raise Unproven(NO_PROOFS)
        try:
            found: Fields = READ(line)
            if "evidence" in found:
                piece.evidence = found["evidence"]
                continue
            piece.has_seals = piece.has_seals or "seal" in found
            _check_line(found, number, piece)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Broken("altered", f"line {number} cannot be read ({error})") from None
    return piece


def _check_line(event: Fields, number: int, piece: Piece) -> None:
    seal = event.get("seal")
    where = f"line {number}, event {event.get('event_id', '?')}"
    if seal is None:
        piece.unsealed += 1
        return
    header: Fields = READ(seal["header"])
    shape, digest = _shape(seal["shape"])
    if digest != header["shape"]:
        raise Broken("altered", f"{where}: its columns are not those that were sealed")
    if seal.get("salt") is None:
        commit = bytes.fromhex(seal["payload_commit"])
        piece.erased += 1
        mark = (event.get("context") or {}).get("erased") or {}
        if "request" in mark:
            piece.erasures.add(f"request {mark['request']} on {mark['at'][:10]}")
    else:
        commit = payload_commit(bytes.fromhex(seal["salt"]), seal["details"], seal["old_row"], seal["new_row"])
    for name, sealed in _sealed_fields(event, seal, header, shape):
        if name in event and not _same(name, event[name], sealed):
            raise Broken("altered", f"{where}: {name} is not what was sealed")
    piece.leaves.append((number, int(seal["leaf"]), leaf_hash(seal["header"], commit)))


@lru_cache(maxsize=1000)
def _shape(text: str) -> tuple[Fields, str]:
    """What a shape says, and its hash: many events share one."""
    shape: dict[str, Any] = json.loads(text)
    hidden = shape["masked"] or ()
    columns = zip(shape["columns"] or (), shape["types"] or (), strict=True)
    shape["read"] = [(column, bool(PLAIN.fullmatch(type_)) and column not in hidden) for column, type_ in columns]
    return shape, hashlib.sha256(text.encode()).hexdigest()


def _sealed_fields(event: Fields, seal: Fields, header: Fields, shape: Fields) -> Iterator[tuple[str, Any]]:
    """What the sealed bytes say of the columns that a reader sees."""
    moved = header["moved_from"] is not None
    yield "action", "update" if moved else ACTIONS.get(header["action"])
    yield from ((name, header[name]) for name in ("event_id", "occurred_at", "xact_id", "imported_at", "db_user"))
    yield from ((name, shape[name]) for name in ("entity", "schema_name", "table_name"))
    if seal.get("salt") is None:
        return
    details: Fields = json.loads(seal["details"])
    yield from ((name, details[name]) for name in ("record_id", "application", "client_addr", "actor_id"))
    yield from ((name, (details[name] or "")[:200]) for name in ("actor_name", "request_id"))
    if details["record_label"]:
        yield "record_label", details["record_label"]
    yield from _context(details["context"], event.get("context"))
    for name, stored in (("before", seal["old_row"]), ("after", seal["new_row"])):
        if not (name == "before" and moved):
            yield name, _plain_columns(shape, stored)


def _context(text: str | None, shown: Any) -> Iterator[tuple[str, Any]]:
    if text and shown == {"$malformed": text[:1000]}:
        return  # as it was set: the report does not read what is no object, too long, too deep, or has endless digits
    try:
        found = READ_CONTEXT(text or "null")
    except (ValueError, RecursionError):
        found = UNREAD
    yield "context", found


def _digits(number: str) -> str:
    """A number as PostgreSQL writes it, without an exponent."""
    if abs(int(number.lower().partition("e")[2] or 0)) > 1000:
        raise ValueError("endless digits")
    return format(Decimal(number), "f")


READ_CONTEXT = json.JSONDecoder(parse_int=str, parse_float=_digits).decode


def _plain_columns(shape: Fields, stored: str | None) -> Any:
    """The columns of a stored row, with the values that can be compared without PostgreSQL."""
    if stored is None:
        return None
    if stored.startswith("{") or not shape["read"]:
        return UNREAD
    fields = ((found[1], found[2]) for found in FIELD.finditer(stored[1:-1]))
    texts = [(plain or None) if quoted is None else _unquoted(quoted) for quoted, plain in fields]
    return {
        column: text if text is None or plain else UNREAD
        for (column, plain), text in zip(shape["read"], texts, strict=False)
    }


def _unquoted(text: str) -> str:
    return text.replace('""', '"').replace("\\\\", "\\")


def _same(name: str, shown: Any, sealed: Any) -> bool:
    if name in ("before", "after"):
        if shown is None or sealed is None or sealed is UNREAD:
            return (shown is None) == (sealed is None)
        row = cast(Fields, shown)
        return row.keys() == sealed.keys() and all(
            value is UNREAD or _as_text(row[column]) == value for column, value in cast(Fields, sealed).items()
        )
    if name in ("occurred_at", "imported_at") and shown and sealed:
        return _instant(shown) == _instant(sealed)
    if name == "client_addr" and shown:
        shown = str(shown).removesuffix("/32").removesuffix("/128")
    return (shown or None) == (sealed or None)


def _as_text(value: Any) -> str | None:
    return {True: "t", False: "f"}[value] if isinstance(value, bool) else value


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _check_evidence(
    evidence: Fields, leaves: Mapping[int, bytes], key: PublicKey, anchored: Sequence[Checkpoint], outcome: Outcome
) -> None:
    trust = Trust(key)
    for note in evidence.get("rotations", ()):
        rotation = Checkpoint.parse(note)
        if trust.key.has_signed(rotation.note):
            trust.require(rotation)
    checkpoint = Checkpoint.parse(evidence["checkpoint"])
    if not trust.knows(checkpoint):
        trust.require(checkpoint)
    older = Checkpoint.parse(evidence["older"]) if evidence.get("older") else None
    if older and not trust.knows(older):
        trust.require(older)
    _compare([held for held in (checkpoint, older) if held], anchored)
    nodes = [base64.b64decode(node, validate=True) for node in evidence["nodes"]]
    cut = older.size if older else 0
    whole, before = roots(checkpoint.size, sorted(leaves.items()), nodes, cut)
    if whole != checkpoint.root:
        raise Broken("altered", f"the events and their proof do not lead to {checkpoint}")
    if older and before != older.root:
        raise Broken("rewritten checkpoint", f"{checkpoint} does not contain the history of {older}")
    outcome.checkpoint, outcome.newer = (older, checkpoint) if older else (checkpoint, None)


def _compare(held: Sequence[Checkpoint], anchored: Iterable[Checkpoint]) -> None:
    numbered = {checkpoint.number: checkpoint for checkpoint in held}
    for copy in anchored:
        checkpoint = numbered.get(copy.number)
        if checkpoint and copy.note.text != checkpoint.note.text:
            raise Broken("rewritten checkpoint", f"{checkpoint} is not the one that was anchored")


def describe(outcome: Outcome) -> Iterator[str]:
    """An outcome in words."""
    if outcome.newer:
        yield f"proven: {outcome.newer} holds the history of {outcome.checkpoint}, and added to it only"
        return
    yield f"proven: {counted(outcome.proven)}, by {outcome.checkpoint}"
    if outcome.erased:
        by = f", by {', '.join(sorted(outcome.erasures))}" if outcome.erasures else ""
        yield f"erased: {counted(outcome.erased)}, whose payload is gone and whose header is proven{by}"
    if outcome.unsealed:
        yield f"not yet sealed: {counted(outcome.unsealed)}, of which this proves nothing"


# -- manifests of exports without proofs ---------------------------------------------------------

MANIFEST = ".manifest.json"


def check_manifest(path: Path, key: PublicKey, anchored: Iterable[Checkpoint] = ()) -> Iterator[str]:
    """Check the file beside a manifest and the checkpoint in it, and say in words what that shows.

    Raises Broken where it does not hold, Unproven when it is no manifest of an export, OSError when a file is missing.
    """
    try:
        found: Fields = json.loads(path.read_text(encoding="utf-8-sig"))
        size, stated, export, note = found["bytes"], found["sha256"], found["export"], found["checkpoint"]
        name = path.name.removesuffix(MANIFEST) if path.name.endswith(MANIFEST) else str(found["file"])
    except (ValueError, TypeError, KeyError):
        raise Unproven("this is not the manifest of an export") from None
    if stated is None:
        raise Unproven(f"export {export} had not ended when this was written: take the manifest again")
    with path.with_name(Path(name).name).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        length = file.tell()
    if (digest, length) != (stated, size):
        raise Broken("altered", f"{name} is not the file that left: its SHA-256 is {digest}")
    yield f"unchanged: {name} has the {counted(length, 'byte')} and the SHA-256 that its manifest states"
    if note:
        checkpoint, copies, trust = Checkpoint.parse(note), list(anchored), Trust(key)
        for copy in copies:  # that name a next key
            if copy.next_key and trust.key.has_signed(copy.note):
                trust.require(copy)
        if not trust.knows(checkpoint):
            trust.require(checkpoint)
        _compare([checkpoint], copies)
        yield f"proven: when it left, the log was sealed by {checkpoint}"
    else:
        yield "not yet sealed: nothing was, when it left"
    yield f"note: a manifest is not signed. Once sealed, the event that ended export {export} proves the SHA-256"


def _key(given: str) -> PublicKey:
    """The key itself, or what a file holds. Raises ArgumentTypeError."""
    try:
        return PublicKey.parse(Path(given).read_text(encoding="utf-8") if Path(given).is_file() else given)
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, ValueError) else error.strerror
        raise argparse.ArgumentTypeError(f"{given}: {reason}, nor a file with one") from None


def main() -> int:
    """The command line of this file."""
    parser = argparse.ArgumentParser(
        description="Check a proof, as `auditlog prove` prints it, or an export with proofs, against its seals; "
        "or a file that was exported without, against its manifest.",
        epilog="Exit code 0: proven. 3: broken. 1: it could not be checked. 2: wrong arguments.",
    )
    parser.add_argument("files", nargs="+", type=Path, help="NDJSON with evidence, or FILE.manifest.json beside FILE")
    parser.add_argument("--key", required=True, type=_key, help="the public key, name+id+key, or a file that holds it")
    parser.add_argument("--checkpoints", type=Path, help="an anchored copy, to compare with")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: %(default)s")
    asked = parser.parse_args()
    file: Path | None = asked.checkpoints
    try:
        anchored = read_checkpoints(file.read_text(encoding="utf-8")) if file else []
        for file in asked.files:
            assert file is not None
            if file.name.endswith(MANIFEST):
                print(*check_manifest(file, asked.key, anchored), sep="\n")
                continue
            with file.open(encoding="utf-8-sig") as lines:
                print(*describe(check_file(lines, asked.key, anchored, jobs=max(asked.jobs, 1))), sep="\n")
    except Broken as broken:
        print(broken)
        return 3
    except Unproven as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 1
    except UnicodeDecodeError:
        print(f"{file}: {NO_PROOFS}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
