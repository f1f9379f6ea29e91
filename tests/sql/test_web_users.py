"""The view that says who may sign in: what is wrong with it is said, with the cure."""

from __future__ import annotations

from typing import Any

from tests.conftest import PASSWORD_HASH, Database

GOOD = {
    "user_id": "u.n::text",
    "login": "'p' || u.n",
    "name": "'Person ' || u.n",
    "password_hash": f"'{PASSWORD_HASH}'::text",
    "active": "true",
    "permissions": "audit.permissions_of('auditor')",
    "categories": "null::text[]",
}
ARGON2 = "argon2 and Django's pbkdf2_sha256 are understood"


def point(db: Database, **columns: str) -> None:
    """At four people, who are all right but for these columns."""
    chosen = ", ".join(f"{sql} as {name}" for name, sql in (GOOD | columns).items())
    db.run(f"create or replace view audit.web_users as select {chosen} from generate_series(1, 4) u(n)")


def problems(db: Database, login: str = "web") -> list[tuple[Any, ...]]:
    return db.connect(login).execute("select problem, cure from audit.check_web_users()").fetchall()


def test_nothing_is_said_of_a_view_that_is_right(db: Database) -> None:
    assert problems(db) == [], "that of the reference tables"
    point(db)
    for login in ("web", "reader", "admin"):
        assert problems(db, login) == []
    for hash_ in ("argon2$argon2id$v=19$m=1,t=1,p=1$a$b", "pbkdf2_sha256$1000$salt$aGFzaA==", "!unusable", "*", ""):
        point(db, password_hash=f"case when n = 1 then '{hash_}' else '{PASSWORD_HASH}' end")
        assert problems(db) == []


def test_each_mistake_in_it_is_named_with_its_cure(db: Database) -> None:
    mistakes = [
        ({"user_id": "case when n < 3 then null else n::text end"}, "have no user_id: user_id null", "Leave them out"),
        ({"login": "case when n < 3 then '' else n::text end"}, "have no login: user_id 1, 2", "Leave them out"),
        ({"user_id": "'7'::text"}, "share a user_id: user_id 7", "Return each person once"),
        ({"login": "case n % 2 when 0 then 'Joan' when 1 then 'joan' end"}, "share a login, but for capitals: user_id 1, 2, 3 and 1 more", "Make logins unique"),
        ({"active": "case when n = 2 then null else true end"}, "have no value in active, and cannot sign in: user_id 2", "Return true"),
        ({"permissions": "array['audit.view', 'audit.veiw']"}, 'have the permission "audit.veiw", which does not exist: user_id 1, 2, 3 and 1 more', "There are audit.view"),
        ({"permissions": "array['audit.view', null]"}, 'have the permission "", which does not exist', "There are audit.view"),
        ({"categories": "array['contacts', 'Users']"}, 'are limited to "Users", which is no category', "There are contacts"),
        ({"password_hash": "'$2b$12$abcdefgh'::text"}, "have a password hash of the kind $2b, and cannot sign in with it", ARGON2),
        ({"password_hash": "'bcrypt_sha256$$2b$12$abcdefgh'::text"}, "the kind bcrypt_sha256, and", ARGON2),
        ({"password_hash": "'hunter2-is-my-password'::text"}, "have a password hash of no known kind, and", ARGON2),
        ({"permissions": "null::text[]"}, "nobody in audit.web_users may open the report", "Give somebody"),
        ({"active": "false"}, "nobody in audit.web_users may open the report", "Give somebody"),
    ]  # fmt: skip
    for columns, problem, cure in mistakes:
        point(db, **columns)
        ((said, mended),) = problems(db)
        assert problem in said, columns
        assert mended.startswith(cure), columns
        assert "hunter2" not in said
        assert "abcdefgh" not in said


def test_a_view_that_cannot_be_read_says_who_may_not_read_what(db: Database) -> None:
    db.run("create table staff (n int, mail text)")
    db.run("insert into staff values (1, 'a@b')")
    db.run("grant select on staff to audit_owner")
    columns = ", ".join(f"{sql} as {name}" for name, sql in GOOD.items())
    db.run(f"create or replace view audit.web_users as select {columns} from staff u")
    assert problems(db) == []
    db.run("revoke select on staff from audit_owner")
    ((said, cure),) = problems(db)
    assert said == "the view audit.web_users cannot be read (permission denied for table staff)"
    assert cure.startswith("Grant SELECT on what it reads")
    db.run("grant select on staff to audit_owner")
    db.run(
        "create or replace view audit.web_users as select "
        + columns.replace("u.n::text", "(1/(u.n-1))::text", 1)
        + " from staff u"
    )
    ((said, cure),) = problems(db)
    assert "division by zero" in said
    assert cure.startswith("Mend")


def test_a_view_made_anew_is_checked_for_columns_and_rights(db: Database) -> None:
    db.run("drop view audit.web_users")
    db.run("create view audit.web_users as select 1 as user_id, 'x'::text as login")
    said = [problem for problem, _ in problems(db)]
    assert said[0] == 'the view audit.web_users has no column "user_id" of type text'
    assert len(said) == 6
    db.run("drop view audit.web_users")
    assert len(problems(db)) == 7
    columns = ", ".join(f"{sql} as {name}" for name, sql in GOOD.items())
    db.run(f"create view audit.web_users as select {columns} from generate_series(1, 2) u(n)")
    (said_now, cure), (then, _) = problems(db)
    assert "may not read the view" in said_now
    assert "cannot be read (permission denied for view web_users)" in then, "audit_owner may not read it either"
    db.run(cure)
    assert problems(db) == []
