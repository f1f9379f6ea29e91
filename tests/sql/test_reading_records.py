"""Exports and views of the report, as the web application records them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from tests.conftest import Connection, Database
from tests.sql.support import refused, watch

SET_ACTOR = "select audit.set_actor('7', 'Mei Tanaka')"


def begin(web: Connection) -> int:
    with web.transaction():
        web.execute(SET_ACTOR)
        row = web.execute('select audit.begin_export(\'{"format": "csv"}\')').fetchone()
    assert row is not None
    return row[0]


def hold(reader: Connection) -> bool:
    row = reader.execute("select pg_try_advisory_xact_lock(audit.export_lock('7'))").fetchone()
    assert row is not None
    return row[0]


def test_an_export_of_nobody_is_refused(shared: Database) -> None:
    with refused("42501", "audit.begin_export: nobody is named", hint="audit.set_actor()"):
        shared.connect("web").execute("select audit.begin_export()")


def test_an_export_ends_once_whoever_says_so(shared: Database) -> None:
    new = watch(shared)
    web = shared.connect("web")
    with shared.connect("web", autocommit=False) as reader:
        assert hold(reader)
        begun = begin(web)
        assert web.execute("select audit.end_lost_exports()").fetchone() == (0,)
    end = f'select audit.end_export({begun}, \'{{"outcome": "complete"}}\')'
    told = [web.execute(end.encode()).fetchone() for _ in range(2)]
    assert told == [(True,), (False,)]
    assert web.execute("select audit.end_lost_exports()").fetchone() == (0,)
    assert [event["context"]["export"].get("completes") for event in new()] == [None, begun]


def test_the_lock_of_a_running_export_keeps_the_person_from_another(shared: Database) -> None:
    with shared.connect("web", autocommit=False) as first, shared.connect("web", autocommit=False) as second:
        assert hold(first)
        assert not hold(second)


def test_of_an_export_and_a_newer_one_of_the_same_person_the_older_is_over(shared: Database) -> None:
    new = watch(shared)
    web = shared.connect("web")
    with shared.connect("web", autocommit=False) as reader:
        assert hold(reader)
        older, newer = begin(web), begin(web)
        ended = [event["context"]["export"] for event in new() if "completes" in event["context"]["export"]]
        assert ended == [{"completes": older, "outcome": "the server stopped"}]
        assert shared.run("select event_id from audit.exports where ended_event is null") == [(newer,)]
    web.execute("select audit.end_lost_exports()")
    assert shared.run("select event_id from audit.exports where ended_event is null") == []


def test_the_same_view_at_one_moment_is_one_event(shared: Database) -> None:
    new = watch(shared)
    both = Barrier(2)

    def look(web: Connection) -> object:
        both.wait()
        return web.execute("select audit.record_view('{\"page\": \"audit_log\"}', 'one session')").fetchone()

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(look, [shared.connect("web"), shared.connect("web")]))
    (event,) = new()
    assert sorted(told, key=str) == [(event["event_id"],), (None,)]
    shared.connect("web").execute("select audit.record_view('{\"page\": \"audit_log\"}', 'another session')")
    assert len(new()) == 2
