"""Archives: Parquet files with the events of a month, what was sealed of them, and their proof. See FORMAT.md."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import ArchiveError
from ..exports.columns import NAMES
from .folding import fold, unfold
from .proof import leaf_hash, payload_commit

ROWS = 20_000  # of one row group
#: zstd's; at 19 files are 2 % smaller, and writing takes five times as long.
LEVEL = 15
EVIDENCE = b"auditlog.evidence"
#: How many requests to erase were approved by then: what they took is not in the file.
ERASURES = b"auditlog.erasures"
#: Columns of the report, in the order of an export; most are texts, `before`, `after` and `context` texts of JSON.
TYPES = {"event_id": "int64", "occurred_at": "time", "imported_at": "time", "changed_fields": "texts"}
COLUMNS = {name: TYPES.get(name, "text") for name in NAMES}
#: What the verifier needs: the bytes that were sealed.
SEAL = {
    "leaf_index": "int64", "salt": "salt", "payload_commit": "bytes", "header": "text",
    "details": "text", "old_row": "text", "new_row": "text", "shape": "text",
}  # fmt: skip
#: Columns in which a row is much like the one before; others are stored once a value where that is less.
ENCODINGS = {
    "event_id": "DELTA_BINARY_PACKED", "leaf_index": "DELTA_BINARY_PACKED", "occurred_at": "DELTA_BINARY_PACKED",
    "xact_id": "DELTA_BYTE_ARRAY", "request_id": "DELTA_BYTE_ARRAY",
}  # fmt: skip
VARIED = {"salt", "payload_commit", "after", "new_row"}
ONCE_A_VALUE = [name for name in COLUMNS | SEAL if name not in {*ENCODINGS, *VARIED}]
#: What is left of an event when a person is forgotten.
STAYS = {"event_id", "occurred_at", "category", "action", "entity", "db_user", "schema_name", "table_name", "xact_id",
         "imported_at", "leaf_index", "header", "shape"}  # fmt: skip
JSON_TEXTS = ("before", "after", "context")
Row = dict[str, Any]


def arrow() -> tuple[Any, Any]:
    """pyarrow, and its Parquet. Raises ArchiveError where it is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ArchiveError("archives need pyarrow: pip install pyarrow") from None
    return pa, pq


def _schema(evidence: str, erasures: int) -> Any:
    pa, _ = arrow()

    types = {
        "int64": pa.int64(), "text": pa.string(), "texts": pa.list_(pa.string()), "bytes": pa.binary(),
        "salt": pa.binary(16), "time": pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    fields = [pa.field(name, types[kind]) for name, kind in (COLUMNS | SEAL).items()]
    return pa.schema(fields, metadata={EVIDENCE: evidence.encode(), ERASURES: str(erasures).encode()})


def write(file: Path, rows: Iterable[list[Row]], evidence: str, erasures: int = 0) -> int:
    """Write rows, some thousands at a time; the file is there as a whole or not at all. Returns how many rows."""
    pa, pq = arrow()

    schema, part, count = _schema(evidence, erasures), file.with_name(f"{file.name}.part"), 0
    try:
        with part.open("wb") as opened:
            with pq.ParquetWriter(
                opened,
                schema,
                compression="zstd",
                compression_level=LEVEL,
                use_dictionary=ONCE_A_VALUE,
                column_encoding=ENCODINGS,
            ) as writer:
                for group in rows:
                    folded = list(map(fold, group))
                    columns = {name: [row[name] for row in folded] for name in schema.names}
                    writer.write_table(pa.table(columns, schema=schema))
                    count += len(group)
            opened.flush()
            os.fsync(opened.fileno())
        part.replace(file)
    except OSError as error:
        raise ArchiveError(f'"{file}" cannot be written ({error.strerror or error})') from None
    return count


def read(file: Path) -> Iterator[list[Row]]:
    """Rows of an archive, some thousands at a time."""
    try:
        with arrow()[1].ParquetFile(file) as opened:
            for batch in opened.iter_batches(batch_size=ROWS):
                yield list(map(unfold, batch.to_pylist()))
    except (OSError, ValueError) as error:
        raise ArchiveError(f'"{file}" cannot be read ({error})') from None


def find(file: Path, event_id: int) -> Row | None:
    """The row of one event."""
    try:
        found = arrow()[1].read_table(file, filters=[("event_id", "==", event_id)]).to_pylist()
    except (OSError, ValueError) as error:
        raise ArchiveError(f'"{file}" cannot be read ({error})') from None
    return unfold(found[0]) if found else None


def evidence_of(file: Path) -> str:
    """The line of evidence that the file carries."""
    return _metadata(file).get(EVIDENCE, b"").decode()


def erasures_of(file: Path) -> int:
    """How many requests to erase were approved when it was written."""
    return int(_metadata(file).get(ERASURES, b"0"))


def digest(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _metadata(file: Path) -> dict[bytes, bytes]:
    try:
        return arrow()[1].read_schema(file).metadata or {}
    except (OSError, ValueError) as error:
        raise ArchiveError(f'"{file}" cannot be read ({error})') from None


def leaf_of(row: Row) -> bytes:
    """The leaf, computed again."""
    salt = row["salt"]
    commit = payload_commit(salt, row["details"], row["old_row"], row["new_row"]) if salt else row["payload_commit"]
    return leaf_hash(row["header"], commit)


def is_archive(file: Path) -> bool:
    """Whether the file is Parquet, by its first bytes."""
    with file.open("rb") as opened:
        return opened.read(4) == b"PAR1"


def lines(file: Path) -> Iterator[str]:
    """The archive as a file of proof: NDJSON of events with their seals, then the evidence, for proof.check_file()."""
    for group in read(file):
        yield from map(line, group)
    yield evidence_of(file)


def line(row: Row) -> str:
    """An event with its seal, as a file of proof has it."""
    shown = {name: row[name] for name in COLUMNS if row["action"] is not None or name == "event_id"}
    texts = {name: shown.pop(name) for name in JSON_TEXTS if name in shown}
    if row["salt"] is None and row["payload_commit"] is not None:
        shown = {name: value for name, value in shown.items() if name in STAYS}
        texts = {"context": texts.get("context")}  # by which request
    seal = {
        "leaf": row["leaf_index"],
        "salt": row["salt"].hex() if row["salt"] else None,
        "payload_commit": row["payload_commit"].hex() if row["payload_commit"] else None,
    } | {name: row[name] for name in ("header", "details", "old_row", "new_row", "shape")}
    # Texts of JSON go in as they are: numbers keep their digits.
    pieces = [f"{json.dumps(name)}: {text if text is not None else 'null'}" for name, text in texts.items()]
    pieces.append(f'"seal": {json.dumps(seal, ensure_ascii=False)}')
    return json.dumps(shown, ensure_ascii=False, default=datetime.isoformat)[:-1] + ", " + ", ".join(pieces) + "}"


def require_whole(file: Path, sealed: Callable[[int, int], dict[int, bytes]]) -> int:
    """Read an archive back; return its rows. `sealed` gives leaves from a number to another, as the log has them.

    Raises ArchiveError at the first event that is not what was sealed.
    """
    count = 0
    for group in read(file):
        if not group:
            continue
        held = sealed(group[0]["leaf_index"], group[-1]["leaf_index"])
        for row in group:
            if leaf_of(row) != held.get(row["leaf_index"]):
                raise ArchiveError(f'"{file}": event {row["event_id"]} is not what was sealed: see `auditlog verify`')
        count += len(group)
    return count
