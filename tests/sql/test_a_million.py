"""A million events: what is asked of them reads what it needs, and no more.

Blocks and calls are counted, never seconds.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from tests.conftest import Connection, Database, cloned
from webapp.evidence.queries import load

pytestmark = pytest.mark.at_scale
EVENTS = 1_000_000
RECORDS = EVENTS // 5
#: Blocks that an answer about one record or event may read, of the 30,000 of the log: most are of the catalog.
FEW = 1500
#: And one that looks at every trigger and function of capture.
CATALOG = 10_000
#: What writing one event touches, four indexes included.
WRITTEN = 15
TRACKED = "create table busy (id bigint primary key, v integer, note text)"
#: Five events for each of the records: an insert and four updates, as capture stores them.
EVENTS_AS_STORED = f"""
insert into audit.log (xact_id, shape_id, action, record_id, old_row, new_row, actor_id)
select (1000000 + round)::text::xid8, t.shape_id, case when round = 0 then 'i'::"char" else 'u'::"char" end, id::text,
       case when round > 0 then row(id, round - 1, 'a note that makes it longer')::text end,
       row(id, round, 'a note that makes it longer')::text, '7'
from audit.tracked t, generate_series(0, 4) round, generate_series(1, {RECORDS}) id
where t.table_name = 'busy'
order by round, id
"""


@pytest.fixture(scope="module")
def log(server: NoopExecutor) -> Iterator[Database]:
    with cloned(server, "million") as url, psycopg.connect(url, autocommit=True) as superuser:
        database = Database(url, superuser)
        database.run(f"{TRACKED}; select audit.track('busy', 'thing')")
        database.run("alter table audit.log disable trigger user")
        database.run(EVENTS_AS_STORED)
        database.run("alter table audit.log enable always trigger refuse_mutation")
        database.run("vacuum analyze audit.log")
        yield database
        database.close()


def blocks(connection: Connection, statement: str) -> int:
    """How many blocks a statement touches."""
    explain = f"explain (analyze, buffers, timing off, format json) {statement}"
    row = connection.execute(explain.encode()).fetchone()
    assert row
    plan = row[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


def test_what_is_asked_of_one_record_or_one_event_reads_only_that(log: Database) -> None:
    event = log.value("select event_id from audit.log where record_id = '777' order by event_id desc limit 1")
    assert log.value("select count(*) from audit.history('busy', '777')") == 5
    assert "set v = '3'" in log.value("select audit.restore_sql(%s)", event)
    for statement in (
        "select * from audit.history('busy', '777')",
        f"select audit.restore_sql({event})",
        f"select * from audit.report where event_id = {event}",
        load("proof_lines").as_string(None) % {"event_ids": f"'{{{event}}}'", "size": 0},
    ):
        assert blocks(log.superuser, statement) < FEW


def test_a_table_as_it_stood_is_read_in_one_pass_that_takes_apart_the_last_row_of_each_record_alone(
    log: Database,
) -> None:
    size = log.value("select sum(pg_relation_size(relid)) / 8192 from pg_partition_tree('audit.log') where isleaf")
    calls = "select coalesce(sum(calls), 0) from pg_stat_user_functions where funcname = 'known_fields'"
    admin = log.connect("postgres")
    admin.execute("set track_functions = 'all'")
    touched = blocks(admin, "create temp table found as select * from audit.as_of(null::busy, clock_timestamp())")
    assert admin.execute("select count(*), min(v) from found").fetchone() == (RECORDS, 4)
    admin.execute("select pg_stat_force_next_flush()")
    assert log.value(calls) == RECORDS
    assert touched < int(size) * 1.2


def test_a_baseline_reads_the_table_and_the_log_once_and_records_what_no_event_tells_of(log: Database) -> None:
    size = "select sum(pg_relation_size(relid)) / 8192 from pg_partition_tree('audit.log') where isleaf"
    with log.superuser.transaction(force_rollback=True):
        log.run("alter table busy disable trigger user")
        log.run(f"insert into busy select n, 4, 'a note that makes it longer' from generate_series(1, {RECORDS}) n")
        log.run(f"insert into busy select -n, 4, 'a note' from generate_series(1, {RECORDS}) n")
        log.run("alter table audit.log disable trigger user")
        log.run(
            "insert into audit.log (shape_id, action, record_id, old_row, new_row) "
            "select shape_id, 'k', n::text, row(n, 4, null)::text, row(-n, 4, null)::text "
            f"from audit.tracked, generate_series(1, {RECORDS // 2}) n where table_name = 'busy'"
        )
        read = int(log.value(size)) + int(log.value("select pg_relation_size('busy') / 8192"))
        touched = blocks(log.superuser, "select audit.record_baseline('busy', only_older => true)")
        assert log.value("select count(*) from audit.log where action = 'b'") == RECORDS // 2
        assert touched < 2 * read + RECORDS // 2 * WRITTEN
    log.run("vacuum audit.log")  # of what was rolled back, for whoever counts blocks next


def test_whether_capture_is_whole_and_when_it_last_wrote_is_known_without_reading_the_log(log: Database) -> None:
    log.run(
        "insert into audit.search (event_id, occurred_at, xact_id, category, action, entity, record_id, db_user, shape_id) "
        "select event_id, occurred_at, xact_id, 'other', 'update', 'thing', record_id, db_user, shape_id from audit.log "
        "where event_id % 5 = 0 on conflict do nothing"
    )
    log.run("update audit.searching set low_event_id = (select max(event_id) from audit.log)")
    log.run("vacuum analyze audit.search")
    said = dict(log.run("select table_name, last_event is not null from audit.status()"))
    assert said["public.busy"]
    assert not said["public.contacts"], "nothing ever happened to it"
    assert blocks(log.superuser, "select audit.last_event(tracked_id, since) from audit.tracked") < FEW
    assert blocks(log.superuser, "select * from audit.status()") < CATALOG
