"""Whoever owns the database can change anything in it. None of that goes unnoticed once a checkpoint is anchored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.conftest import Evidence
from webapp.evidence import keys
from webapp.evidence.verify_command import lines
from webapp.evidence.verifying import Verdict

TABLES = ("log", "log_default", "leaves", "nodes", "checkpoints", "shapes")


@pytest.fixture
def sealed(evidence: Evidence) -> Evidence:
    """Three rounds of events, sealed and anchored, and every trigger of the log out of the way."""
    for _ in range(3):
        evidence.write(4)
        evidence.seal()
    partitions = evidence.db.run("select relid::regclass::text from pg_partition_tree('audit.log')")
    for table in [f"audit.{name}" for name in TABLES] + [name for (name,) in partitions]:
        evidence.db.run(f"alter table {table} disable trigger all")
    return evidence


def verdicts(evidence: Evidence, **options: object) -> set[str]:
    found = evidence.verify(**options)
    assert found.exit_code == (3 if found.broken else 4)  # 4: the guards are switched off
    return {finding.verdict for finding in found.broken}


def first(found: Verdict) -> str:
    return str(found.broken[0])


def some_event(evidence: Evidence, place: int = 5) -> int:
    return evidence.sealed()[place]


def test_a_log_that_nobody_touched_is_proven(evidence: Evidence) -> None:
    evidence.write(4)
    evidence.seal()
    found = evidence.verify()
    assert (found.exit_code, found.broken, found.late, found.notes) == (0, [], [], [])
    assert found.proven == len(evidence.sealed()) == evidence.db.value("select count(*) from audit.log")
    evidence.write(2)
    assert (evidence.verify().exit_code, evidence.verify().unsealed) == (0, 2)


CHANGES = {
    "its row": "update audit.log set new_row = replace(new_row, 'No. ', 'Nr. ') where event_id = {0}",
    "its person": "update audit.log set actor_id = '7' where event_id = {0}",
    "its login": "update audit.log set db_user = 'somebody' where event_id = {0}",
    "its time": "update audit.log set occurred_at = occurred_at - interval '1 second' where event_id = {0}",
    "its record": "update audit.log set record_id = '99' where event_id = {0}",
    "its action": "update audit.log set action = 'b' where event_id = {0}",
    "its payload's presence": "update audit.leaves set salt = null, payload_commit = leaf_hash where event_id = {0}",
    "its seal": "update audit.leaves set leaf_hash = sha256('x') where event_id = {0}",
    "its salt": "update audit.leaves set salt = substr(sha256('x'), 1, 16) where event_id = {0}",
    "what its columns mean": "update audit.shapes set columns = array_replace(columns, 'first_name', 'last_name') "
    "where shape_id = (select shape_id from audit.log where event_id = {0})",
}


def test_an_event_that_is_edited_is_found(sealed: Evidence) -> None:
    event = some_event(sealed)
    for change, statement in CHANGES.items():
        with sealed.db.superuser.transaction(force_rollback=True):
            sealed.db.run(statement.format(event))
            found = sealed.verify(connection=sealed.db.superuser)
        assert {finding.verdict for finding in found.broken} == {"altered"}, change
        assert event in {finding.event_id for finding in found.broken}, change
        assert found.exit_code == 3
        assert list(lines(found))[-1] == "THE LOG IS NOT WHAT WAS SEALED."


def test_an_event_that_is_deleted_is_missing(sealed: Evidence) -> None:
    event = some_event(sealed)
    sealed.db.run("delete from audit.log where event_id = %s", event)
    assert first(sealed.verify()) == f"missing: event {event} was sealed and is gone"
    sealed.db.run("delete from audit.leaves where event_id = %s", event)
    assert first(sealed.verify()) == "missing: seals 5 to 5 are not there"


def copied(columns: str) -> str:
    return (
        f"insert into audit.log ({columns}) overriding system value select {columns} from audit.log where event_id = %s"
    )


PLAIN = "occurred_at, xact_id, shape_id, action, record_id, new_row, db_user"


def test_an_event_that_is_slipped_in_behind_the_sealer_is_found_before_and_after_it_is_sealed(sealed: Evidence) -> None:
    sealed.db.run(copied(PLAIN), some_event(sealed))
    event = sealed.db.value("select max(event_id) from audit.log")
    found = sealed.verify()
    assert [(finding.verdict, finding.event_id) for finding in found.broken] == [("inserted", event)]
    sealed.seal()
    assert event in sealed.sealed()
    found = sealed.verify()
    assert [(finding.verdict, finding.event_id) for finding in found.broken] == [("inserted", event)]


def test_an_event_that_is_there_twice_is_found(sealed: Evidence) -> None:
    event = some_event(sealed)
    sealed.db.run(
        copied(f"event_id, {PLAIN}").replace(
            "select event_id, occurred_at", "select event_id, occurred_at + interval '1 month'"
        ),
        event,
    )
    assert ("inserted", event) in {(f.verdict, f.event_id) for f in sealed.verify().broken}


def test_events_that_change_places_or_numbers_are_found(sealed: Evidence) -> None:
    one, other = some_event(sealed, 4), some_event(sealed, 6)
    db = sealed.db
    rows = "update audit.log a set new_row = b.new_row, record_id = b.record_id from audit.log b where a.event_id in (%s, %s) and b.event_id in (%s, %s) and a.event_id <> b.event_id"
    db.run(rows, one, other, one, other)
    assert verdicts(sealed) == {"altered"}
    db.run(rows, one, other, one, other)
    assert verdicts(sealed) == set()

    places = "update audit.leaves set leaf_index = case leaf_index when 4 then -1 when 6 then 4 else 6 end where leaf_index in ({})"
    for expected in ({"reordered"}, set[str]()):
        for place in (4, 6, -1):
            db.run(places.format(place))
        assert verdicts(sealed) == expected

    db.run("alter table audit.log alter event_id set generated by default")
    db.run("update audit.log set event_id = 100000 where event_id = %s", one)
    assert verdicts(sealed) == {"missing", "inserted"}
    db.run("update audit.leaves set event_id = 100000 where event_id = %s", one)
    assert verdicts(sealed) == {"altered"}


# -- with the seals ------------------------------------------------------------------------------


def forged(evidence: Evidence, *, from_checkpoint: int, key: Path | None = None) -> None:
    """History rewritten from a checkpoint on: every leaf and node new, signed with the key at hand."""
    db = evidence.db
    size = (
        db.value("select size from audit.checkpoints where number = %s", from_checkpoint - 1) if from_checkpoint else 0
    )
    for statement in (
        f"delete from audit.leaves where leaf_index >= {size}",
        "delete from audit.nodes",
        f"delete from audit.checkpoints where number >= {from_checkpoint}",
        "update audit.sealing set low_event_id = 0, mark_event_id = null, mark_xact_id = null",
    ):
        db.run(statement)
    evidence.elsewhere(key).seal()


def test_an_event_that_is_edited_with_its_seal_is_found_at_the_next_checkpoint(sealed: Evidence) -> None:
    event = some_event(sealed)
    sealed.db.run("update audit.log set new_row = replace(new_row, 'No. ', 'Nr. ') where event_id = %s", event)
    sealed.reseal(event)
    found = sealed.verify()
    assert [finding.verdict for finding in found.broken] == ["altered"]
    following = next(checkpoint for checkpoint in sealed.checkpoints() if event in sealed.sealed()[: checkpoint.size])
    assert f"events that {following} added" in first(found)


def test_history_that_is_rewritten_and_signed_again_does_not_fit_an_anchored_copy(sealed: Evidence) -> None:
    event = some_event(sealed, -2)
    sealed.db.run("update audit.log set new_row = replace(new_row, 'No. ', 'Nr. ') where event_id = %s", event)
    forged(sealed, from_checkpoint=2)
    assert sealed.verify(copies=()).broken == []  # nobody can tell from the database and the key alone
    found = sealed.verify()
    assert {finding.verdict for finding in found.broken} >= {"rewritten checkpoint"}
    assert first(found).startswith("rewritten checkpoint: checkpoint 2 of ")


def test_a_tail_that_is_cut_off_is_missing(sealed: Evidence) -> None:
    db = sealed.db
    size = sealed.checkpoints()[1].size
    db.run("delete from audit.log where event_id in (select event_id from audit.leaves where leaf_index >= %s)", size)
    db.run("delete from audit.leaves where leaf_index >= %s", size)
    assert verdicts(sealed) == {"missing"}
    db.run("delete from audit.checkpoints where number > 1")
    assert sealed.verify(copies=()).broken == []
    assert first(sealed.verify()).startswith("missing: checkpoint 2 of ")


def test_two_auditors_who_were_shown_different_histories_find_out(sealed: Evidence, tmp_path: Path) -> None:
    mine = sealed.anchor.read_text()
    sealed.db.run(
        "update audit.log set new_row = replace(new_row, 'No. ', 'Nr. ') where event_id = %s", some_event(sealed, -1)
    )
    forged(sealed, from_checkpoint=2)
    sealed.elsewhere(None, anchor=tmp_path / "other").seal()
    theirs = (tmp_path / "other").read_text()
    assert mine != theirs
    found = sealed.verify(copies=(theirs,))
    assert found.broken == []
    assert {finding.verdict for finding in sealed.verify(copies=(theirs, mine)).broken} >= {"rewritten checkpoint"}


def test_an_old_checkpoint_that_is_played_again_is_late(sealed: Evidence) -> None:
    first_note = sealed.db.value("select note from audit.checkpoints where number = 0")
    db = sealed.db
    for statement in ("delete from audit.checkpoints where number > 0", "delete from audit.nodes"):
        db.run(statement)
    db.run(
        "delete from audit.log where event_id in (select event_id from audit.leaves where leaf_index >= %s)",
        sealed.checkpoints()[0].size,
    )
    db.run("delete from audit.leaves where leaf_index >= %s", sealed.checkpoints()[0].size)
    old = sealed.verify(copies=(first_note,), overdue=0)
    assert old.broken == []
    assert any("there should be one each hour" in late for late in old.late)
    assert first(sealed.verify()).startswith("missing: checkpoint 1 of ")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_signature_that_is_taken_away_or_of_another_key_is_found(
    sealed: Evidence, number: int, tmp_path: Path
) -> None:
    db = sealed.db
    note = db.value("select note from audit.checkpoints where number = %s", number)
    db.run("update audit.checkpoints set note = split_part(note, E'\\n\\n', 1) || E'\\n' where number = %s", number)
    assert f"checkpoint {number} of " in first(sealed.verify())
    assert first(sealed.verify()).endswith("is not signed")
    other = keys.create(tmp_path / "other.key")
    text = note.partition("\n\n")[0] + "\n"
    db.run("update audit.checkpoints set note = %s where number = %s", f"{text}\n{other.signature(text)}", number)
    assert "is not signed by auditlog+" in first(sealed.verify())
    db.run(
        "update audit.checkpoints set note = %s where number = %s",
        note.replace("\nnumber", "\nnumber 1\nnumber", 1),
        number,
    )
    assert verdicts(sealed) >= {"rewritten checkpoint"}


def test_events_that_are_held_back_from_the_sealer_are_late(evidence: Evidence) -> None:
    evidence.seal()
    evidence.write(3)
    evidence.db.run("update audit.sealing set low_event_id = 1000000, mark_event_id = null, mark_xact_id = null")
    assert evidence.seal() is None
    found = evidence.verify(lag=0)
    assert (found.exit_code, found.unsealed) == (4, 3)
    assert found.late[0].startswith("3 events without a seal although older than 0 minutes, the first is event ")


def test_a_capture_trigger_that_was_off_for_a_minute_is_told_of(evidence: Evidence) -> None:
    db = evidence.db
    db.run("alter table contacts disable trigger user")
    evidence.write(1)
    db.run("select audit.track('contacts')")
    evidence.seal()
    found = evidence.verify()
    assert found.exit_code == 0
    assert found.notes[0].startswith("capture was interrupted 1 time, last at ")


def test_an_anchored_copy_of_somebody_else_is_refused(sealed: Evidence, tmp_path: Path) -> None:
    strangers = keys.create(tmp_path / "strangers.key")
    changed = sealed.checkpoints()[1].note.text.replace("horizon ", "horizon 9", 1)
    found = sealed.verify(copies=(f"{changed}\n{strangers.signature(changed)}",))
    assert "which no key of this log signed" in first(found)


LIES = {
    "hides an event": "delete from audit.search where event_id = {0}",
    "names another person": "update audit.search set actor_id = '99' where event_id = {0}",
    "names another record": "update audit.search set record_id = '99' where event_id = {0}",
    "says another time": "update audit.search set occurred_at = occurred_at - interval '1 day' where event_id = {0}",
    "invents an event": "insert into audit.search (event_id, occurred_at, xact_id, category, action, entity, db_user, shape_id) "
    "values (999, now(), '3', 'other', 'insert', 'thing', 'bob', 1)",
    "counts more": "update audit.activity set events = events + 1",
    "counts nobody": "delete from audit.actor_days",
}


def test_whoever_edits_what_pages_look_in_is_found_although_the_log_is_true(evidence: Evidence) -> None:
    db, web = evidence.db, evidence.db.connect("web")
    for name in ("Mei", "Bo"):
        with db.superuser.transaction():
            db.run("select audit.set_actor('7', %s)", name)
            evidence.write(3)
    evidence.seal()
    event = some_event(evidence)
    for lie, statement in LIES.items():
        web.execute("select audit.extend_search()")
        assert evidence.verify().late == [], lie
        db.run(statement.format(event))
        found = evidence.verify()
        assert (found.exit_code, found.broken) == (4, []), lie
        assert found.late[0].startswith("pages and exports do not show what the log holds: "), lie
        db.connect("admin").execute("select audit.rebuild_search()")
