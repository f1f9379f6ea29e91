"""Carrying checkpoints to their anchors: what each has not got yet, again and again until it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .anchors import SETTING, Anchor, AnchorError, Copy
from .proof import Checkpoint
from .sealing import SealingError
from .tree import Connection


def require_agreement(connection: Connection, anchors: Iterable[Anchor]) -> None:
    """Raise SealingError when a place holds a checkpoint that this database does not: never build on that."""
    for anchor in anchors:
        try:
            known = anchor.last() if isinstance(anchor, Copy) else None
        except AnchorError:
            continue  # deliver() will say so
        if known is None:
            continue
        row = connection.execute("select note from audit.checkpoints where number = %s", (known.number,)).fetchone()
        if row is None or Checkpoint.parse(row[0]).note.text != known.note.text:
            differs = "does not have" if row is None else "has otherwise"
            raise SealingError(
                f"{anchor.name} holds {known}, which this database {differs}: "
                "it was rewritten, or restored from an older backup. Nothing is sealed. `auditlog verify` tells more; "
                f"to go on from here knowingly, keep that place as it is and name a new one in {SETTING}"
            )


def deliver(connection: Connection, anchors: Sequence[Anchor]) -> dict[str, str]:
    """Carry to each place what it has not got yet, and note how far it came. Returns what failed, by name."""
    failed: dict[str, str] = {}
    for anchor in anchors:
        connection.execute("insert into audit.anchors (target) values (%s) on conflict do nothing", (anchor.name,))
        try:
            reached = _deliver(connection, anchor)
        except AnchorError as error:
            failed[anchor.name] = str(error)
            connection.execute(
                "update audit.anchors set problem = %s, problem_since = coalesce(problem_since, clock_timestamp()) "
                "where target = %s",
                (str(error), anchor.name),
            )
        else:
            connection.execute(
                "update audit.anchors set delivered = %s, delivered_at = clock_timestamp(), problem = null, "
                "problem_since = null where target = %s and (delivered <> %s or problem is not null)",
                (reached, anchor.name, reached),
            )
        connection.commit()
    connection.execute("delete from audit.anchors where target <> all (%s)", ([anchor.name for anchor in anchors],))
    connection.commit()
    return failed


def _deliver(connection: Connection, anchor: Anchor) -> int:
    row = connection.execute("select delivered from audit.anchors where target = %s", (anchor.name,)).fetchone()
    reached: int = row[0] if row else -1
    if isinstance(anchor, Copy):  # it knows better itself
        known = anchor.last()
        reached = known.number if known else -1
    found = connection.execute("select note from audit.checkpoints where number > %s order by number", (reached,))
    notes: list[str] = [note for (note,) in found]
    if not notes:
        return reached
    checkpoints = [Checkpoint.parse(note) for note in notes]
    anchor.add(checkpoints, notes)
    return checkpoints[-1].number
