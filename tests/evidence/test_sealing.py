"""Every settled event gets one leaf, in settled order, whatever happens meanwhile."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.conftest import Database
from tests.evidence.conftest import Evidence
from webapp import searching
from webapp.evidence import sealing
from webapp.evidence.sealing import AnotherSealer, SealingError


def settled_order(db: Database) -> list[int]:
    return [row[0] for row in db.run("select event_id from audit.log order by xact_id, event_id")]


def test_events_are_sealed_once_their_transactions_and_all_before_have_ended(evidence: Evidence) -> None:
    db = evidence.db
    evidence.seal()
    before = evidence.sealed()
    early, late = db.connect(autocommit=False), db.connect(autocommit=False)
    evidence.write(connection=late)  # its event has the lower number
    late.execute("savepoint s")
    evidence.write(connection=early)
    early.commit()
    assert evidence.seal() is None
    assert evidence.sealed() == before  # what is committed has a later transaction number than what is not
    late.execute("rollback to s")
    evidence.write(connection=late)
    late.commit()
    evidence.seal()
    assert evidence.sealed() == settled_order(db)
    assert len(evidence.sealed()) == len(before) + 3


def test_a_prepared_transaction_is_waited_for_and_a_rollback_leaves_nothing(evidence: Evidence) -> None:
    db = evidence.db
    evidence.seal()
    before = evidence.sealed()
    for name, end in (("kept", "commit"), ("dropped", "rollback")):
        writer = db.connect(autocommit=False)
        evidence.write(connection=writer)
        writer.execute(f"prepare transaction '{name}'".encode())
        evidence.write()
        known = evidence.sealed()
        evidence.seal()
        assert evidence.sealed() == known
        db.run(f"{end} prepared '{name}'")
        evidence.seal()
    assert evidence.sealed() == settled_order(db)
    assert len(evidence.sealed()) == len(before) + 3


def test_many_writers_and_a_sealer_at_once_lose_and_repeat_nothing(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "CHUNK", 7)

    def work(number: int) -> None:
        with psycopg.connect(evidence.db.url_of("app")) as connection:
            for turn in range(25):
                evidence.write(1 + turn % 3, connection)
                if (turn + number) % 5 == 0:
                    connection.rollback()
                elif turn % 2:
                    connection.commit()

    writers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        evidence.seal()
    evidence.seal()
    assert evidence.sealed() == settled_order(evidence.db)
    assert [c.size for c in evidence.checkpoints()][-1] == len(evidence.sealed()) > 100


@pytest.mark.parametrize("chunks", [0, 1, 2, 3, 4])
def test_a_sealer_that_is_killed_at_any_point_is_followed_by_one_that_goes_on(
    evidence: Evidence, chunks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence.seal()
    evidence.write(10)
    monkeypatch.setattr(sealing, "CHUNK", 3)

    def die(done: int) -> None:
        if done >= 3 * chunks or done == 10:
            evidence.db.run(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'auditlog seal'"
            )

    with pytest.raises(psycopg.OperationalError):
        evidence.seal(on_progress=die)
    assert len(evidence.checkpoints()) == 1
    evidence.seal()
    assert evidence.sealed() == settled_order(evidence.db)
    assert [c.size for c in evidence.checkpoints()] == [len(evidence.sealed()) - 10, len(evidence.sealed())]


def test_an_application_that_takes_the_lock_of_the_sealer_is_named(evidence: Evidence) -> None:
    evidence.write(1)
    evidence.seal()
    app = evidence.db.connect("app")
    app.execute("select pg_advisory_lock(hashtextextended('audit.seal', 0))")
    who = f'session {app.info.backend_pid} of "app"'
    with pytest.raises(SealingError, match=rf"^{who}, which may not seal, holds the lock of the sealer: end it$"):
        evidence.seal()
    asked = "select problem from audit.status() where table_name = 'audit.checkpoints'"
    assert who in evidence.db.value(asked)
    app.close()
    evidence.write(1)
    assert evidence.seal()
    assert evidence.db.run(asked) == []


def test_a_second_sealer_stands_back_and_writers_do_not_wait(evidence: Evidence) -> None:
    evidence.write(3)
    held: list[str] = []

    def meanwhile(done: int) -> None:
        with pytest.raises(AnotherSealer, match="another sealer is at work on this log"):
            evidence.seal()
        held.extend(
            mode
            for (mode,) in evidence.db.run(
                "select distinct l.mode from pg_locks l join pg_stat_activity a using (pid) join pg_class c on c.oid = l.relation "
                "where a.application_name = 'auditlog seal' and c.relname like 'log%'"
            )
        )
        evidence.db.run("set lock_timeout = '1s'")
        evidence.write()

    evidence.seal(on_progress=meanwhile)
    assert set(held) <= {"AccessShareLock"}
    evidence.seal()
    assert evidence.sealed() == settled_order(evidence.db)


def test_silence_is_sealed_each_hour_and_a_clock_that_is_set_back_does_not_turn_the_chain(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        step = timedelta()

        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + cls.step

    monkeypatch.setattr(sealing, "datetime", Clock)
    evidence.seal()
    assert evidence.seal() is None
    for step in (timedelta(minutes=61), -timedelta(days=1)):
        Clock.step = step
        evidence.write(int(step < timedelta()))
        assert evidence.seal() is not None
    times = [checkpoint.time for checkpoint in evidence.checkpoints()]
    assert times == sorted(times)
    assert [c.number for c in evidence.checkpoints()] == [0, 1, 2]


def test_the_sealer_looks_only_at_what_is_new(evidence: Evidence) -> None:
    evidence.write(50)
    evidence.seal()
    newest = evidence.db.value("select max(event_id) from audit.log")
    assert evidence.db.value("select low_event_id from audit.sealing") == newest


def test_a_transaction_that_is_the_newest_and_stays_open_is_not_passed_over(evidence: Evidence) -> None:
    evidence.seal()
    slow = evidence.db.connect(autocommit=False)
    evidence.write(connection=slow)
    for _ in range(3):
        evidence.seal()
    slow.commit()
    evidence.seal()
    assert evidence.sealed() == settled_order(evidence.db)


def test_the_number_of_an_event_that_is_taken_before_its_transaction_has_one_is_not_passed_over(
    evidence: Evidence,
) -> None:
    db = evidence.db
    evidence.seal()
    slow = db.connect("postgres", autocommit=False)
    slow.execute("lock table audit.log in row exclusive mode")
    (number,) = slow.execute("select nextval('audit.log_event_id_seq')").fetchone() or (0,)
    evidence.write(40)
    for _ in range(3):
        evidence.seal()
    slow.execute(
        "insert into audit.log (event_id, shape_id, action) overriding system value "
        "select %s, shape_id, action from audit.log where action = 'c' limit 1",
        (number,),
    )
    slow.commit()
    evidence.seal()
    assert number in evidence.sealed()
    assert sorted(evidence.sealed()) == sorted(settled_order(db))


def test_a_copy_that_did_not_take_its_lives_along_remains_the_same_log(evidence: Evidence) -> None:
    evidence.write()
    evidence.seal()
    evidence.db.run("alter table audit.incarnations disable trigger all")
    evidence.db.run("delete from audit.incarnations")
    evidence.seal()
    first, second = evidence.checkpoints()
    assert (second.log, second.origin.rpartition("/")[2]) == (first.log, "2")
    assert evidence.verify().broken == []


def test_the_next_seals_do_not_wait_until_all_is_searchable(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence.seal()
    searchable = evidence.db.value("select count(*) from audit.search")
    evidence.write(10)
    monkeypatch.setattr(searching, "A_WHILE", 0)
    monkeypatch.setattr(searching, "CHUNK", 4)
    for added in (4, 8, 10):
        evidence.seal()
        assert evidence.db.value("select count(*) from audit.search") == searchable + added
    assert evidence.sealed() == settled_order(evidence.db)


def test_a_round_makes_the_months_that_are_missing(evidence: Evidence) -> None:
    month = evidence.db.value("select format('audit.log_%s', to_char(now() + interval '5 months', 'YYYY_MM'))")
    evidence.db.run(f"drop table {month}")
    evidence.seal()
    assert evidence.db.value("select to_regclass(%s)", month)
