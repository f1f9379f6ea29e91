"""Views of the report that are kept: searches until they expire, saved ones until their owner deletes them."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import refused

KEEP, SAVE = "select audit.keep_search(%s, %s)", "select audit.save_view(%s, %s, %s, 'UTC')"


@pytest.fixture
def db(passing: Database) -> Database:
    return passing


def kept(db: Database, owner: str) -> list[str]:
    return [query for (query,) in db.run("select query from audit.views where owner = %s order by made_at", owner)]


def test_the_same_search_of_a_person_keeps_its_id(db: Database) -> None:
    first = db.value(KEEP, "1", "ada")
    assert db.value(KEEP, "1", "ada") == first
    assert len({first, db.value(KEEP, "2", "ada"), db.value(KEEP, "1", "bob")}) == 3
    assert len(first) == 32


def test_a_search_expires_and_a_saved_view_does_not(db: Database) -> None:
    db.run(KEEP, "1", "old")
    db.run(SAVE, "1", "Mine", "saved")
    db.run("update audit.views set expires_at = clock_timestamp() - interval '1 second' where name is null")
    db.run(KEEP, "1", "new")
    assert kept(db, "1") == ["saved", "new"]


def test_a_person_has_a_hundred_searches_of_which_the_oldest_goes(db: Database) -> None:
    db.run("select audit.keep_search('1', 'word ' || n) from generate_series(1, 103) n")
    assert len(kept(db, "1")) == 100
    assert kept(db, "1")[0] == "word 4"


def test_a_name_is_taken_once_by_each_person(db: Database) -> None:
    assert db.value(SAVE, "1", "Mine", "a")
    assert db.value(SAVE, "2", "Mine", "b")
    assert db.value(SAVE, "1", "Mine", "c") is None
    assert kept(db, "1") == ["a"]


def test_fifty_views_are_the_most(db: Database) -> None:
    db.run("select audit.save_view('1', 'View ' || n, 'a', 'UTC') from generate_series(1, 50) n")
    assert db.value(SAVE, "2", "Mine", "a"), "of one person, not of all"
    with refused("53400", "views are saved already", hint="Delete one"):
        db.run(SAVE, "1", "One more", "a")


def test_only_the_owner_renames_and_deletes(db: Database) -> None:
    mine, search = db.value(SAVE, "1", "Mine", "a"), db.value(KEEP, "1", "ada")
    db.run(SAVE, "1", "Other", "b")
    for owner, view, name in [("2", mine, "Theirs"), ("1", search, "A search"), ("1", mine, "Other"), ("1", "x", "y")]:
        assert db.value("select audit.rename_view(%s, %s, %s)", owner, view, name) is False
    assert db.value("select audit.delete_view('2', %s)", mine) is False
    assert db.value("select audit.delete_view('1', %s)", search) is False
    assert db.value("select audit.rename_view('1', %s, 'Better')", mine) is True
    assert db.value("select audit.delete_view('1', %s)", mine) is True
    assert kept(db, "1") == ["ada", "b"]


def test_the_report_opens_with_one_view_of_its_owner_at_most(db: Database) -> None:
    opening = "select name from audit.views where opens_first"
    mine, other, search = db.value(SAVE, "1", "Mine", "a"), db.value(SAVE, "1", "Other", "b"), db.value(KEEP, "1", "x")
    choose = "select audit.open_first(%s, %s)"
    assert db.value(choose, "1", mine)
    assert db.value(choose, "1", other)
    assert db.run(opening) == [("Other",)]
    assert db.value(choose, "2", None)
    assert not db.value(choose, "2", mine)
    assert db.run(opening) == [("Other",)], "which is nobody else's to change"
    assert not db.value(choose, "1", search)
    assert db.run(opening) == []
    assert db.value(choose, "1", None)
