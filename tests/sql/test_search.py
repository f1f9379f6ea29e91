"""audit.search follows the log: nothing is lost, nothing twice, whoever commits when."""

from __future__ import annotations

from typing import Any

from tests.conftest import Database
from webapp import narrowing, searching
from webapp.scopes import EVERYTHING

INSERT = "insert into groups (name) values (%s)"


def held(db: Database) -> list[int]:
    return [row[0] for row in db.run("select event_id from audit.search order by 1")]


def seen(db: Database) -> list[int]:
    """What a page finds, whether or not audit.search has it yet."""
    found = narrowing.found(db.superuser, EVERYTHING).as_string(None)
    return [row[0] for row in db.run(f"select event_id from {found} r order by 1")]


def logged(db: Database) -> list[int]:
    return [row[0] for row in db.run("select event_id from audit.events order by 1")]


def low(db: Database) -> int:
    number: int = db.value("select low_event_id from audit.searching")
    return number


def test_it_holds_what_is_committed_and_the_rest_is_found_in_the_log(db: Database) -> None:
    db.run(INSERT, "one")
    assert seen(db) == logged(db) != held(db)
    assert searching.extend(db.superuser) == 1
    assert seen(db) == logged(db) == held(db)
    assert low(db) == max(logged(db))
    assert searching.extend(db.superuser) == 0


def test_a_number_that_commits_late_is_not_left_out(db: Database) -> None:
    slow, lost = (db.connect("app", autocommit=False) for _ in range(2))
    slow.execute(INSERT, ("slow",))
    lost.execute(INSERT, ("lost",))
    db.run(INSERT, "quick")
    before = low(db)
    assert searching.extend(db.superuser) == 1
    assert low(db) == before, "what is open may still come"
    assert seen(db) == logged(db) == held(db)
    slow.commit()
    lost.rollback()
    assert seen(db) == logged(db) != held(db)
    assert searching.extend(db.superuser) == 1
    assert seen(db) == logged(db) == held(db)
    db.run(INSERT, "last")
    searching.extend(db.superuser)
    assert low(db) == max(logged(db))


def test_the_newest_transaction_may_stay_open_without_being_passed_over(db: Database) -> None:
    slow = db.connect("app", autocommit=False)
    slow.execute(INSERT, ("slow",))  # no transaction after it has ended
    for _ in range(2):
        searching.extend(db.superuser)
    slow.commit()
    assert seen(db) == logged(db) != held(db)
    searching.extend(db.superuser)
    assert seen(db) == logged(db) == held(db)


def test_whoever_asks_after_writing_passes_over_nobody_who_began_later(db: Database) -> None:
    asking, slow = db.connect("postgres", autocommit=False), db.connect("app", autocommit=False)
    asking.execute(INSERT, ("first",))
    slow.execute(INSERT, ("slow",))
    asking.execute("select audit.extend_search()")
    asking.commit()
    slow.commit()
    assert seen(db) == logged(db) != held(db)
    searching.extend(db.superuser)
    assert seen(db) == logged(db) == held(db)


def test_a_prepared_transaction_is_waited_for(db: Database) -> None:
    slow = db.connect("app", autocommit=False)
    slow.execute(INSERT, ("slow",))
    slow.execute("prepare transaction 'a search'")
    db.run(INSERT, "quick")
    before = low(db)
    searching.extend(db.superuser)
    assert low(db) == before
    db.run("commit prepared 'a search'")
    assert seen(db) == logged(db) != held(db)
    searching.extend(db.superuser)
    assert seen(db) == logged(db) == held(db)


def test_it_goes_on_in_small_steps_and_one_at_a_time(db: Database) -> None:
    db.run("insert into groups (name) select 'g' || n from generate_series(1, 10) n")
    assert [db.value("select audit.extend_search(4)") for _ in range(4)] == [4, 4, 2, 0]
    assert seen(db) == logged(db) == held(db)
    db.run(INSERT, "another")
    busy = db.connect("web", autocommit=False)
    busy.execute("select audit.extend_search()")
    assert db.value("select audit.extend_search()") is None
    busy.rollback()
    assert db.value("select audit.extend_search()") == 1


def test_a_place_from_another_cluster_stops_nothing(db: Database) -> None:
    db.run("update audit.searching set mark_event_id = 1, mark_xact_id = '9000000000'")
    db.run(INSERT, "restored")
    searching.extend(db.superuser)
    assert low(db) == max(logged(db))
    assert held(db) == logged(db)


def test_counts_by_hour_and_person_are_those_of_the_log(db: Database) -> None:
    app = db.connect("app", autocommit=False)
    app.execute("select audit.set_actor('42')")
    app.execute("insert into groups (name) values ('a'), ('b')")
    app.commit()
    for name in ("c", "d"):
        searching.extend(db.superuser)
        db.run(INSERT, name)
    searching.extend(db.superuser)
    counted = (
        "select date_trunc('hour', occurred_at, 'UTC'), category, action, entity, count(*) from audit.events"
        " group by 1, 2, 3, 4"
    )
    assert db.run("select hour, category, action, entity, events from audit.activity order by 1, 2, 3, 4") == db.run(
        f"{counted} order by 1, 2, 3, 4"
    )
    assert db.run(
        "select actor_id, category, action, events from audit.actor_days where category = 'groups' order by 1"
    ) == [
        ("42", "groups", "insert", 2),
        (None, "groups", "insert", 2),
    ]


def words(db: Database, *asked: str) -> list[str]:
    found = narrowing.found(db.superuser, EVERYTHING).as_string(None)
    all_of_them = " and ".join("r.words @@ audit.words_asked(%s)" for _ in asked)
    rows: list[tuple[Any, ...]] = db.run(
        f"select r.action from {found} r where {all_of_them} order by r.event_id", *asked
    )
    return [row[0] for row in rows]


def test_words_are_found_anywhere_in_a_change_before_and_after_it_is_in_the_index(db: Database) -> None:
    app = db.connect("app", autocommit=False)
    app.execute("select audit.set_actor('7', 'Mei Tanaka', null, '{\"reason\": \"spring cleaning\"}')")
    app.execute(
        "insert into contacts (first_name, email, notes, custom_fields) values "
        "('Zoë', 'zoe.k@example.net', E'line one\\nline two', '{\"source\": \"Book Fair\"}')"
    )
    app.execute("update contacts set notes = 'Zaragoza'")
    app.commit()
    for _ in range(2):
        assert words(db, "zaragoza") == ["update"]
        assert words(db, "ZOË", "tanaka") == ["insert", "update"]
        assert words(db, "zoe.k@example.net") == ["insert", "update"]
        assert words(db, "zoe", "fair", "spring cleaning") == ["insert", "update"]
        assert words(db, "two", "line one") == ["insert", "update"]
        assert words(db, "zaragoza", "saragossa") == []
        assert words(db, "custom_fields") == [] == words(db, "cleaning spring")
        searching.extend(db.superuser)
    assert held(db) == logged(db)


def test_what_is_forgotten_or_erased_in_the_log_is_so_in_the_search(db: Database) -> None:
    (number,) = db.run("insert into groups (name) values ('Confidential') returning id")[0]
    searching.extend(db.superuser)
    db.run("alter table audit.log disable trigger refuse_mutation")
    db.run(
        "do $$ declare p regclass; begin for p in select inhrelid from pg_inherits where inhparent = 'audit.log'::regclass "
        "loop execute format('alter table %s disable trigger refuse_mutation', p); end loop; end $$"
    )
    event = db.value("select event_id from audit.events where record_id = %s and entity = 'group'", str(number))
    db.run("update audit.log set new_row = null where event_id = %s", event)
    db.run("select audit.refresh_search(array[%s]::bigint[])", event)
    assert words(db, "confidential") == []
    assert held(db) == logged(db)
    db.run("select audit.forget_search(now() - interval '2 days', now() + interval '2 days')")
    assert held(db) == []
    assert db.value("select count(*) from audit.activity") == 0
