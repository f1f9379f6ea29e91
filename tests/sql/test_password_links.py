"""Links by which a person chooses a password, and whose place it is to change passwords."""

from __future__ import annotations

from threading import Thread

import pytest

from tests.conftest import Database
from tests.sql.support import refused, seed, watch

ISSUE = "select audit.issue_password_link(%s, %s)"
OWNER = "select audit.password_link(%s)"
REDEEM = "select audit.redeem_password_link(%s, %s)"
A, B = b"a" * 32, b"b" * 32

STAFF = """
create table staff (badge int, mail text, full_name text, secret text);
insert into staff values (1, 'una@example.org', 'Una', 'hash-of-una');
grant select on staff to audit_owner;
create or replace view audit.web_users as
select badge::text as user_id, lower(mail) as login, full_name as name, secret as password_hash,
  true as active, array['audit.view'] as permissions, null::text[] as categories from staff
"""


@pytest.fixture
def db(shared: Database) -> Database:
    seed(shared)
    return shared


def password_of(db: Database, user_id: int) -> str:
    return db.value("select password_hash from users where id = %s", user_id)


def test_a_link_changes_the_password_of_its_person_once(db: Database) -> None:
    db.run(ISSUE, "UNA@example.org", A)
    web = db.connect("web")
    for _ in range(2):
        assert web.execute(OWNER, (A,)).fetchone() == ("1",), "looking does not use it up"
    assert web.execute(REDEEM, (A, "new")).fetchone() == (True,)
    assert (password_of(db, 1), password_of(db, 2)) == ("new", "hash-of-tom")
    assert web.execute(OWNER, (A,)).fetchone() == (None,)
    assert web.execute(REDEEM, (A, "again")).fetchone() == (False,)
    assert password_of(db, 1) == "new"


@pytest.mark.parametrize(
    "what_happened",
    [
        "update audit.password_links set expires_at = now() - interval '1 second'",
        "update users set active = false where id = 1",
        "delete from users where id = 1",
    ],
    ids=["expired", "disabled", "deleted"],
)
def test_a_link_is_worth_nothing_when_it_has_expired_or_its_person_is_gone(db: Database, what_happened: str) -> None:
    db.run(ISSUE, "una@example.org", A)
    db.run(what_happened)
    web = db.connect("web")
    assert web.execute(OWNER, (A,)).fetchone() == (None,)
    assert web.execute(REDEEM, (A, "new")).fetchone() == (False,)
    assert db.run("select 1 from users where password_hash = 'new'") == []


def test_a_newer_link_ends_the_older_one_and_what_has_expired_is_swept_away(db: Database) -> None:
    db.run("insert into audit.password_links values (sha256('x'), '99', now() - interval '1 day')")
    db.run(ISSUE, "una@example.org", A)
    db.run(ISSUE, "una@example.org", B)
    assert db.run("select token_hash, user_id from audit.password_links") == [(B, "1")]


def test_a_link_is_good_for_a_day(db: Database) -> None:
    db.run(ISSUE, "una@example.org", A)
    left = "select expires_at - now() between interval '23 hours 59 minutes' and interval '24 hours 1 minute'"
    assert db.value(f"{left} from audit.password_links") is True


def test_making_a_link_and_using_it_are_events_that_do_not_hold_it(db: Database) -> None:
    seen = watch(db)
    db.connect("admin").execute(ISSUE, ("una@example.org", A))
    db.connect("web").execute(REDEEM, (A, "new"))
    made, used = seen()
    assert (made["action"], made["record_id"], made["record_label"], made["db_user"]) == (
        "configure",
        "1",
        "Una",
        "admin",
    )
    assert made["context"]["configure"]["did"] == "issue_password_link"
    assert (used["action"], used["record_id"], used["changed_fields"]) == ("update", "1", ["password_hash"])
    assert "61616161" not in str(made) + str(used)


def test_of_two_who_use_a_link_at_once_one_is_refused(db: Database) -> None:
    db.run(ISSUE, "una@example.org", A)
    used: list[bool] = []

    def use(new: str) -> None:
        row = db.connect("web").execute(REDEEM, (A, new)).fetchone()
        assert row is not None
        used.append(row[0])

    threads = [Thread(target=use, args=(f"new {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(used) == [False, False, False, True]


def test_an_unknown_person_gets_no_link(db: Database) -> None:
    with refused("42704", 'audit.issue_password_link: there is no user "nobody@example.org"', hint="audit.web_users"):
        db.connect("admin").execute(ISSUE, ("nobody@example.org", A))


def test_where_another_application_keeps_the_passwords_they_are_changed_there(passing: Database) -> None:
    passing.run(STAFF)
    assert passing.value("select audit.keeps_passwords()") is False
    with refused("55000", "audit.issue_password_link: passwords are not kept here", hint="Change the password there."):
        passing.run(ISSUE, "una@example.org", A)


def test_a_grant_lets_passwords_of_another_table_be_changed_here(passing: Database) -> None:
    passing.run(STAFF)
    passing.run("grant update (secret) on staff to audit_owner")
    assert passing.value("select audit.keeps_passwords()") is True
    passing.run(ISSUE, "una@example.org", A)
    assert passing.value(REDEEM, A, "new") is True
    assert passing.run("select secret from staff") == [("new",)]


def test_a_view_that_computes_the_password_or_joins_cannot_be_written(passing: Database) -> None:
    passing.run(STAFF)
    passing.run("grant update on staff to audit_owner")
    columns = "badge::text as user_id, mail as login, full_name as name"
    rest = "true as active, null::text[] as permissions, null::text[] as categories from staff"
    passing.run(f"create or replace view audit.web_users as select {columns}, secret || '' as password_hash, {rest}")
    assert passing.value("select audit.keeps_passwords()") is False
    passing.run(f"create or replace view audit.web_users as select {columns}, secret as password_hash, {rest}, users")
    assert passing.value("select audit.keeps_passwords()") is False


def test_a_password_is_changed_only_by_whoever_knows_the_old_hash(db: Database) -> None:
    web = db.connect("web")
    change = "select audit.change_password(%s, %s, %s)"
    assert web.execute(change, ("1", "hash-of-una", "new")).fetchone() == (True,)
    assert web.execute(change, ("1", "hash-of-una", "newer")).fetchone() == (False,)
    db.run("update users set active = false where id = 1")
    assert web.execute(change, ("1", "new", "newest")).fetchone() == (False,)
    assert password_of(db, 1) == "new"
