"""Guessing passwords and codes is slowed down, and nobody is locked out by somebody else for long."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

import pytest

from tests.conftest import Database

HOME, ELSEWHERE, OFFICE = "192.0.2.1", "198.51.100.7", "203.0.113.5"
Try = Callable[..., int]


@pytest.fixture
def db(shared: Database) -> Database:
    return shared


@pytest.fixture
def attempt(db: Database) -> Try:
    """attempt("mei", HOME) fails once, if it is allowed; returns the seconds to wait, 0 when it was allowed."""
    web = db.connect("web")

    def make(account: str = "mei", address: str | None = HOME, step: str = "password", *, right: bool = False) -> int:
        values = (step, address, account.encode())
        row = web.execute("select wait_seconds from audit.allow_attempt(%s, %s, %s)", values).fetchone()
        assert row is not None
        if right and row[0] == 0:
            web.execute("select audit.attempt_succeeded(%s, %s, %s)", values)
        return row[0]

    return make


def later(db: Database, interval: str) -> None:
    """Time goes by."""
    db.run(
        """update audit.sign_in_attempts set blocked_until = blocked_until - %s::interval,
             last_at = last_at - %s::interval, succeeded_at = succeeded_at - %s::interval""",
        *[interval] * 3,
    )


def test_five_attempts_are_free_and_then_each_takes_twice_as_long(db: Database, attempt: Try) -> None:
    pair = "from audit.sign_in_attempts where address is not null and account is not null"
    assert [attempt() for _ in range(5)] == [0] * 5
    waits: list[int] = []
    for _ in range(9):
        # By the clock of the attempt itself, so that a slow machine does not matter.
        waits.append(db.value(f"select round(extract(epoch from blocked_until - last_at))::integer {pair}"))
        before = db.value(f"select blocked_until {pair}")
        db.run("update audit.sign_in_attempts set blocked_until = blocked_until + interval '1 hour'")
        assert attempt() > 0
        assert (db.value(f"select blocked_until - interval '1 hour' {pair}")) == before, (
            "trying too early costs nothing"
        )
        later(db, "2 hours")
        assert attempt() == 0
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_success_starts_afresh(db: Database, attempt: Try) -> None:
    for _ in range(4):
        attempt()
    assert attempt(right=True) == 0
    assert [attempt() for _ in range(5)] == [0] * 5
    assert attempt() > 0


def test_a_day_without_failures_starts_afresh(db: Database, attempt: Try) -> None:
    for _ in range(5):
        attempt()
    later(db, "25 hours")
    assert [attempt() for _ in range(5)] == [0] * 5


def test_a_block_is_of_one_account_from_one_address(attempt: Try) -> None:
    for _ in range(6):
        attempt()
    assert attempt() > 0
    assert attempt("oskar", HOME) == 0
    assert attempt("mei", ELSEWHERE) == 0
    assert attempt(step="code") == 0


def test_an_address_has_fifty_attempts_for_all_accounts_together(db: Database, attempt: Try) -> None:
    assert {attempt(f"person {n}", OFFICE) for n in range(50)} == {0}
    assert 0 < attempt("somebody new", OFFICE) <= 5
    assert attempt("somebody new", HOME) == 0
    assert db.value("select count(*) from audit.sign_in_attempts where account = 'person 51'") == 0


def test_made_up_logins_leave_nothing_behind_once_their_address_is_stopped(db: Database, attempt: Try) -> None:
    for n in range(60):
        attempt(f"made up {n}", OFFICE)
    assert db.value("select count(*) from audit.sign_in_attempts") == 101, "the address, and fifty with their pairs"


def test_signing_in_with_an_own_account_does_not_allow_more_guesses_at_others(db: Database, attempt: Try) -> None:
    for n in range(49):
        attempt(f"person {n}", OFFICE)
        attempt("mallory", OFFICE, right=True)
    assert attempt("one more", OFFICE) == 0
    assert attempt("another", OFFICE) > 0
    assert attempt("mallory", OFFICE, right=True) > 0


def test_guessing_from_many_addresses_keeps_its_person_out_for_half_a_minute_at_most(
    db: Database, attempt: Try
) -> None:
    assert {attempt("mei", f"10.0.0.{n}") for n in range(20)} == {0}
    for n in range(20):
        later(db, "30 seconds")
        assert attempt("mei", f"10.0.1.{n}") == 0
    assert 0 < attempt("mei", HOME) <= 30


def test_guessing_from_many_addresses_does_not_stop_whoever_signed_in_there_before(db: Database, attempt: Try) -> None:
    attempt("mei", HOME, right=True)
    later(db, "60 days")
    for n in range(30):
        attempt("mei", f"10.0.0.{n}")
    assert attempt("mei", ELSEWHERE) > 0
    assert attempt("mei", HOME, right=True) == 0


def test_guessing_codes_from_many_addresses_is_stopped_for_longer(db: Database, attempt: Try) -> None:
    """Whoever guesses a code knows the password: nobody else can do that to a person."""
    waits = {attempt("mei", f"10.0.0.{n}", "code") for n in range(10)}
    assert waits == {0}
    for n in range(9):
        later(db, "15 minutes")
        assert attempt("mei", f"10.0.1.{n}", "code") == 0
    assert 800 < attempt("mei", HOME, "code") <= 900


def test_an_ipv6_network_counts_as_one_address(attempt: Try) -> None:
    for n in range(5):
        attempt("mei", f"2001:db8:1:2::{n}")
    assert attempt("mei", "2001:db8:1:2:ffff::1") > 0
    assert attempt("mei", "2001:db8:1:3::1") == 0


def test_clients_without_an_address_count_together(attempt: Try) -> None:
    for _ in range(5):
        attempt("mei", None)
    assert attempt("mei", None) > 0


def test_many_at_once_are_counted_each(db: Database, attempt: Try) -> None:
    allowed: list[int] = []

    def one() -> None:
        with db.connect("web") as web:
            row = web.execute("select wait_seconds from audit.allow_attempt('password', %s, 'mei')", (HOME,)).fetchone()
            assert row is not None
            allowed.append(row[0])

    threads = [Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert allowed.count(0) == 5


def test_refusals_are_announced_once_and_the_rest_is_told_with_the_next_attempt(db: Database, attempt: Try) -> None:
    web = db.connect("web")

    def verdict() -> tuple[bool, int]:
        statement = "select announce, unannounced from audit.allow_attempt('password', %s, 'mei')"
        row = web.execute(statement, (HOME,)).fetchone()
        assert row is not None
        return row

    for _ in range(5):
        attempt()
    assert [verdict() for _ in range(4)] == [(True, 0), (False, 0), (False, 0), (False, 0)]
    later(db, "5 seconds")
    assert verdict() == (False, 3)
    assert verdict() == (True, 0), "the next block"


def test_it_cleans_up_after_itself(db: Database, attempt: Try) -> None:
    attempt("guessed", ELSEWHERE)
    attempt("mei", HOME, right=True)
    later(db, "2 days")
    attempt("oskar", OFFICE)
    left = {
        bytes(row[0]) for row in db.run("select distinct account from audit.sign_in_attempts where account is not null")
    }
    assert left == {b"mei", b"oskar"}, "where somebody signed in is kept for longer"
    later(db, "100 days")
    attempt("oskar", OFFICE)
    assert {
        bytes(row[0]) for row in db.run("select account from audit.sign_in_attempts where account is not null")
    } == {b"oskar"}
