"""Whether the log is what was sealed. Trusts the public key and anchored checkpoints; the database has to fit them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from .proof import Broken, Checkpoint, PublicKey, Tree, Trust, counted, require_chain
from .queries import load
from .recomputing import Finding, count, parts, spans
from .tree import Connection

LAG = timedelta(minutes=15)
OVERDUE = timedelta(hours=1, minutes=15)  # silence is sealed each hour


@dataclass
class Verdict:
    """What verification found."""

    proven: int = 0
    erased: int = 0
    retired: int = 0
    archived: int = 0  # of these, found in archives as they were sealed
    unsealed: int = 0
    checkpoints: int = 0
    anchored: int = 0
    last: Checkpoint | None = None
    broken: list[Finding] = field(default_factory=list[Finding])
    late: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])

    @property
    def exit_code(self) -> int:
        """0 proven, 3 broken, 4 whole as far as it goes, but late or with capture switched off."""
        return 3 if self.broken else 4 if self.late else 0


def verify(
    url: str,
    connection: Connection,
    key: PublicKey,
    anchored: Iterable[Sequence[Checkpoint]] = (),
    *,
    jobs: int = 2,
    lag: timedelta = LAG,
    overdue: timedelta = OVERDUE,
    on_progress: Callable[[int, int], None] = lambda done, size: None,
) -> Verdict:
    """Check everything. The connection is in autocommit and reads only."""
    verdict = Verdict()
    size = count(connection)
    trusted = _checkpoints(connection, key, anchored, verdict)
    _events(url, connection, size, trusted, verdict, jobs, on_progress)
    _unsealed(connection, verdict, lag, overdue)
    _capture(connection, verdict)
    _searched(connection, verdict)
    lives = sorted({int(c.origin.rpartition("/")[2]) for c in trusted})
    if len(lives) > 1:
        verdict.notes.append(f"this log has lived in {len(lives)} databases: it was copied, restored or promoted")
    return verdict


def _checkpoints(
    connection: Connection, key: PublicKey, anchored: Iterable[Sequence[Checkpoint]], verdict: Verdict
) -> list[Checkpoint]:
    """The checkpoints that the log has to fit: the anchored ones, and those of the database that follow them."""
    held = {c.number: c for c in _held(connection, verdict)}
    trust = Trust(key)
    try:
        require_chain(list(held.values()), trust)
        if held and min(held) != 0:
            raise Broken("missing", f"the checkpoints before {min(held)} are not there")
    except Broken as error:
        verdict.broken.append(Finding(error.verdict, None, error.message))
    trusted: dict[int, Checkpoint] = {}
    compared: set[int] = set()
    for copy in anchored:
        for checkpoint in copy:
            compared.add(checkpoint.number)
            here = held.get(checkpoint.number)
            if here and here.note.text == checkpoint.note.text:
                trusted.setdefault(checkpoint.number, checkpoint)
            elif not trust.knows(checkpoint):
                verdict.broken.append(_differs(f"an anchored copy holds {checkpoint}, which no key of this log signed"))
                break
            elif here:
                verdict.broken.append(_differs(f"{here} stands where {checkpoint} was anchored"))
                trusted[checkpoint.number] = checkpoint
                break
            else:
                verdict.broken.append(
                    Finding("missing", None, f"{checkpoint} was anchored and is not in the database: history was cut")
                )
                trusted[checkpoint.number] = checkpoint
                break
    verdict.checkpoints, verdict.anchored = len(held), len(compared)
    believed = held | trusted
    verdict.last = believed[max(believed)] if believed else None
    return [believed[number] for number in sorted(believed)]


def _differs(message: str) -> Finding:
    return Finding("rewritten checkpoint", None, message)


def _held(connection: Connection, verdict: Verdict) -> Iterable[Checkpoint]:
    for number, size, horizon, note in connection.execute(
        "select number, size, horizon::text::bigint, note from audit.checkpoints order by number"
    ):
        try:
            checkpoint = Checkpoint.parse(note)
        except Broken as error:
            verdict.broken.append(_differs(f"checkpoint {number}: {error.message}"))
            continue
        if (checkpoint.number, checkpoint.size, checkpoint.horizon) != (number, size, horizon):
            verdict.broken.append(_differs(f"checkpoint {number} is stored beside other figures than it signs"))
        yield checkpoint


def _events(
    url: str,
    connection: Connection,
    size: int,
    trusted: Sequence[Checkpoint],
    verdict: Verdict,
    jobs: int,
    on_progress: Callable[[int, int], None],
) -> None:
    by_size: dict[int, Checkpoint] = {}
    for checkpoint in trusted:
        by_size.setdefault(checkpoint.size, checkpoint)
    ordered = sorted(by_size.values(), key=lambda c: c.size)
    last = ordered[-1].size if ordered else 0
    tree, erased = Tree(), set[int]()
    descents: list[tuple[int, int]] = []
    proven_until, broken_from = 0, None

    def compare() -> None:
        nonlocal proven_until, broken_from
        checkpoint = by_size.get(tree.size)
        if checkpoint is None or broken_from is not None:
            return
        if tree.root() == checkpoint.root:
            proven_until = tree.size
            return
        broken_from = proven_until
        verdict.broken.append(_root_differs(checkpoint, proven_until, descents, connection))

    compare()
    with parts(url, connection, size, spans(trusted), jobs) as found:
        for part in found:
            descents.extend(part.descents)
            verdict.broken.extend(part.findings)
            erased.update(part.erased)
            verdict.retired += part.retired
            for leaf in part.hashes:
                tree.append(leaf)
                compare()
            on_progress(tree.size, size)
    if tree.size < last:
        verdict.broken.append(
            Finding("missing", None, f"of {counted(last, 'sealed event')}, only {counted(tree.size, 'seal')} are there")
        )
    _erased(connection, erased, verdict)
    altered = {finding.event_id for finding in verdict.broken if finding.event_id is not None}
    verdict.proven = max(proven_until - len(altered) - verdict.erased - verdict.retired, 0)
    verdict.unsealed = max(tree.size - last, 0)


def _root_differs(
    checkpoint: Checkpoint, since: int, descents: list[tuple[int, int]], connection: Connection
) -> Finding:
    inside = [(place, event_id) for place, event_id in descents if since <= place < checkpoint.size]
    if inside:
        _, event_id = inside[0]
        return Finding("reordered", None, f"event {event_id} has been put into another place ({checkpoint})")
    bounds = connection.execute(
        "select min(event_id), max(event_id) from audit.leaves where leaf_index >= %s and leaf_index < %s",
        (since, checkpoint.size),
    ).fetchone()
    low, high = bounds or (None, None)
    return Finding(
        "altered",
        None,
        f"among the {counted(checkpoint.size - since)} that {checkpoint} added (numbers {low} to {high}), "
        "some were changed together with their seals",
    )


def _erased(connection: Connection, erased: set[int], verdict: Verdict) -> None:
    if not erased:
        return
    said = {row[0] for row in connection.execute(load("erasures"))}
    for event_id in sorted(erased - said):
        verdict.broken.append(
            Finding("altered", event_id, f"the payload of event {event_id} is gone, and no erase event says so")
        )
    verdict.erased = len(erased & said)


def _unsealed(connection: Connection, verdict: Verdict, lag: timedelta, overdue: timedelta) -> None:
    """What has no seal: too new for one, held back, or slipped in behind the sealer."""
    now = datetime.now(UTC)
    last = verdict.last
    # In a copy that was not sealed yet, transactions have other numbers.
    known = connection.execute("select place from audit.incarnations order by incarnation desc limit 1").fetchone()
    moved = known != connection.execute(load("place")).fetchone()
    held_back: list[tuple[int, datetime]] = []
    for event_id, xact_id, since in connection.execute(load("without_leaf")):
        if last and not moved and xact_id < last.horizon:
            verdict.broken.append(
                Finding("inserted", event_id, f"event {event_id} is of a time that {last} had sealed without it")
            )
            continue
        verdict.unsealed += 1
        if now - since > lag:
            held_back.append((event_id, since))
    if held_back:
        event_id, since = held_back[0]
        verdict.late.append(
            f"{counted(len(held_back))} without a seal although older than {_minutes(lag)}, "
            f"the first is event {event_id} of {since:%Y-%m-%d %H:%M:%S} UTC"
        )
    if last is None:
        verdict.late.append("nothing was ever sealed: run auditlog seal")
    elif now - last.time > overdue:
        verdict.late.append(f"the last one is {last}: there should be one each hour")


def _capture(connection: Connection, verdict: Verdict) -> None:
    for table, problem in connection.execute(
        "select table_name, problem from audit.status() where problem is not null and table_name <> 'audit.checkpoints'"
    ):
        verdict.late.append(f"{table}: {problem}")
    broken = connection.execute(
        "select event_id, occurred_at from audit.log where action = 'c' "
        "and audit.context_of(context) -> 'configure' ->> 'did' = 'break' order by event_id"
    ).fetchall()
    if broken:
        event_id, at = broken[-1]
        verdict.notes.append(
            f"capture was interrupted {counted(len(broken), 'time')}, last at {at:%Y-%m-%d %H:%M:%S} UTC "
            f"(event {event_id}): what happened meanwhile is not in the log"
        )


def _searched(connection: Connection, verdict: Verdict) -> None:
    """Pages and exports look in a copy of the log, which nothing seals."""
    row = connection.execute(load("searched")).fetchone()
    assert row
    events, first, counts = row
    if events or counts:
        where = f", the first is event {first}" if events else ""
        verdict.late.append(
            f"pages and exports do not show what the log holds: {counted(events)} not found as they are{where}, and "
            f"{counted(counts, 'number')} counted wrong. Run: select audit.rebuild_search()"
        )


def _minutes(lag: timedelta) -> str:
    return f"{lag.total_seconds() / 60:g} minutes"
