"""The log inventory says what is true of this database."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, text_of
from webapp import log_inventory

Visitor = Callable[..., Browser]
PAGE = f"{REPORT}/inventory"


def test_every_table_of_the_log_says_what_is_in_it_and_how_long(db: Database, visitor: Visitor) -> None:
    tables = db.run(
        "select relname, obj_description(oid, 'pg_class') from pg_class where relnamespace = 'audit'::regnamespace "
        "and relkind in ('r', 'p') and not relispartition"
    )
    assert {name for name, _ in tables} == set(log_inventory.KEPT), (
        "how long its rows stay is said in webapp/log_inventory.py"
    )
    words = text_of(visitor("admin").get(PAGE))
    for name, what in tables:
        assert f"audit.{name}" in words
        assert " ".join(what.split()) in words
    assert "or 60 minutes without a click, or 720 minutes in any case" in words
    assert "not known" not in words


def test_it_says_what_is_captured_and_what_of_it_is_never_stored(db: Database, visitor: Visitor) -> None:
    db.run("create table notes (id int primary key, text text, draft text)")
    browser = visitor("admin")
    assert "public.notes" not in browser.get(PAGE)
    db.run("select audit.track('notes', mask => '{text}', exclude => '{draft}')")
    words = text_of(browser.get(PAGE))
    row = words.partition("public.notes")[2][:80]
    assert "text draft" in row, row
    assert "password_hash –" in words.partition("public.users")[2][:80]


def test_it_says_who_sees_it_here_and_in_the_database(db: Database, visitor: Visitor) -> None:
    db.run("update users set categories = '{groups}' where id = 2")
    browser = visitor("admin")
    words = text_of(browser.get(PAGE))
    assert "Mei Tanaka audit.view, audit.export Groups" in words
    assert "Alex Morgan audit.view, audit.export, audit.manage everything" in words
    assert "Oskar Lind" not in words.partition("Who sees it here")[2], "who has no permission"
    assert "audit_reader reader" in words
    assert "audit_web web" in words
    assert "superuser postgres" in words
    roles = db.run("select distinct pg_get_userbyid(a.grantee) from pg_class c, aclexplode(c.relacl) a "
                   "where c.oid = 'audit.log'::regclass and a.grantee <> c.relowner order by 1")  # fmt: skip
    assert ", ".join(role for (role,) in roles) in words


def test_an_administrator_with_a_limit_sees_no_people_and_no_tables_beyond_it(db: Database, visitor: Visitor) -> None:
    db.run("update users set categories = '{contacts}' where id = 1")
    page = visitor("admin").get(PAGE)
    assert "public.contacts" in page
    assert "public.users" not in page
    assert "Mei Tanaka" not in page
    assert "Your account is limited to Contacts: people are left out." in text_of(page)


def test_the_way_to_it_is_shown_to_administrators_alone(visitor: Visitor) -> None:
    assert f'href="{PAGE}"' in visitor("admin").get("/reports/")
    assert PAGE not in visitor("auditor").get("/reports/")
