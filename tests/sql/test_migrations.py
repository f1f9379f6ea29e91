"""The migration runner: what it applies, what it refuses, and what it says then."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.conftest import Database
from webapp import migrations
from webapp.embedded import EmbeddedServer
from webapp.errors import MigrationError
from webapp.migrations import migrate


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of sql/ that a test may change; migrate() reads it."""
    folder = tmp_path / "sql"
    shutil.copytree(migrations.sql_root(), folder)
    monkeypatch.setattr(migrations, "sql_root", lambda: folder)
    return folder


def add(file: Path, text: str) -> Path:
    with file.open("a") as out:
        out.write(text)
    return file


# -- what is applied -----------------------------------------------------------------------------


def test_the_first_run_applies_every_file_and_the_second_none(blank: str) -> None:
    heard: list[str] = []
    applied = migrate(blank, with_reference_tables=True, on_apply=heard.append)
    everything = migrations.migrations() + migrations.functions() + migrations.reference_tables()
    assert applied == heard == [script.name for script in everything]
    before = ask(blank, "select * from audit.migrations order by name")
    assert [row[0] for row in before] == sorted(applied)
    assert migrate(blank, with_reference_tables=True) == []
    assert ask(blank, "select * from audit.migrations order by name") == before


def test_without_the_reference_tables_only_the_schema_audit_is_created(blank: str) -> None:
    created = (
        "select nspname, relname from pg_class c join pg_namespace n on n.oid = relnamespace "
        "where nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'audit')"
    )
    migrate(blank)
    assert ask(blank, created) == []
    assert ask(blank, "select * from audit.tracked") == []
    schemas = ask(blank, "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'")
    assert sorted(schemas) == [("audit",), ("public",)]


def test_the_reference_tables_can_come_later_and_stay_up_to_date_from_then_on(blank: str) -> None:
    migrate(blank)
    assert migrate(blank, with_reference_tables=True) == [script.name for script in migrations.reference_tables()]
    assert migrate(blank) == []


def test_a_new_reference_file_is_applied_where_the_reference_tables_are(blank: str, files: Path) -> None:
    migrate(blank, with_reference_tables=True)
    count = len(migrations.reference_tables())
    add(files / f"migrations/reference_tables/{count + 1:04d}_create_extra.sql", "create table public.extra (id int);")
    assert migrate(blank) == [f"migrations/reference_tables/{count + 1:04d}_create_extra.sql"]


def test_twenty_runs_at_once_all_succeed_and_apply_each_file_once(blank: str) -> None:
    with ThreadPoolExecutor(20) as pool:
        applied = [name for names in pool.map(migrate, [blank] * 20) for name in names]
    expected = [script.name for script in migrations.migrations() + migrations.functions()]
    assert sorted(applied) == sorted(expected)
    assert ask(blank, "select count(*) from audit.migrations") == [(len(expected),)]


def test_a_changed_function_file_is_applied_again_and_no_other(blank: str, files: Path) -> None:
    migrate(blank)
    add(files / "triggers/csv_text.sql", "comment on function audit.csv_text(text) is 'changed';\n")
    assert migrate(blank) == ["triggers/csv_text.sql"]
    assert ask(blank, "select obj_description('audit.csv_text(text)'::regprocedure)") == [("changed",)]
    assert migrate(blank) == []


def test_a_database_that_is_behind_is_told_from_one_that_is_current(blank: str, files: Path) -> None:
    migrate(blank)
    with psycopg.connect(blank, autocommit=True) as connection:
        migrations.require_current(connection)
        add(files / "triggers/csv_text.sql", "-- changed\n")
        with pytest.raises(MigrationError, match=r"not up to date \(1 files.*csv_text\.sql\): run `auditlog migrate`"):
            migrations.require_current(connection)


# -- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["migrations/0002_create_log.sql", "migrations/reference_tables/0001_create_contacts.sql"]
)
def test_an_edited_migration_is_refused_by_name_with_the_cure(blank: str, files: Path, name: str) -> None:
    migrate(blank, with_reference_tables=True)
    add(files / name, "-- edited\n")
    with pytest.raises(MigrationError) as caught:
        migrate(blank)
    assert f"{name} was edited after it was applied" in str(caught.value)
    assert "make the change in a new migration" in str(caught.value)
    assert str(caught.value).endswith(migrations.BEFORE_THE_FIRST_RELEASE)


def test_a_missing_migration_is_refused_by_name_with_the_cure(blank: str, files: Path) -> None:
    migrate(blank)
    (files / "migrations/0002_create_log.sql").unlink()
    with pytest.raises(MigrationError) as caught:
        migrate(blank)
    assert "migrations/0002_create_log.sql was applied to this database but its file is gone" in str(caught.value)
    assert "Restore the file" in str(caught.value)


def test_a_database_that_is_newer_than_the_program_is_refused_by_name_with_the_cure(blank: str, files: Path) -> None:
    newer = add(files / "migrations/9999_create_future.sql", "select 1;")
    migrate(blank)
    newer.unlink()
    with pytest.raises(MigrationError) as caught:
        migrate(blank)
    assert "newer than this program: it has migrations/9999_create_future.sql" in str(caught.value)
    assert "Upgrade audit-log-report" in str(caught.value)


def test_what_is_there_already_under_its_names_is_left_alone_and_named_with_the_cure(blank: str) -> None:
    ask(blank, "create schema audit; select 1")
    with pytest.raises(
        MigrationError, match=r"has a schema audit of something else.* Rename or drop it, and try again"
    ):
        migrate(blank)
    ask(blank, "drop schema audit cascade; select 1")
    every = migrate(blank, with_reference_tables=True)
    # So begins anew, as the README says, what an unreleased version made; its tables stay writable, and in place.
    ask(blank, "drop schema audit cascade; insert into contacts default values; select 1")
    with pytest.raises(
        MigrationError, match=r"already exists\. Reference tables are for .* `auditlog track`, and let audit"
    ):
        migrate(blank, with_reference_tables=True)
    assert migrate(blank) == []
    assert ask(blank, "select count(*) from audit.migrations") == [(len(every) - 3,)]


def test_a_server_that_is_too_old_is_refused_before_anything_is_written(
    blank: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "MINIMUM_SERVER", 990_000)
    with pytest.raises(MigrationError, match=r"the server is PostgreSQL \d+; .* Upgrade the server"):
        migrate(blank)
    assert ask(blank, "select to_regnamespace('audit')") == [(None,)]


def test_a_file_that_fails_leaves_nothing_of_itself_and_the_next_run_goes_on_after_it_is_mended(
    blank: str, files: Path
) -> None:
    broken = add(files / "migrations/9999_create_half.sql", "create table audit.half (id int); select 1 / 0;")
    with pytest.raises(MigrationError) as caught:
        migrate(blank)
    assert str(caught.value) == "migrations/9999_create_half.sql: division by zero; this was not applied"
    assert ask(blank, "select to_regclass('audit.half')") == [(None,)]
    assert ask(blank, "select name from audit.migrations where name ~ '9999|/0001' order by name") == [
        ("migrations/0001_create_audit_schema.sql",)
    ]
    broken.write_text("create table audit.half (id int);")
    applied = migrate(blank)
    assert applied[0] == "migrations/9999_create_half.sql"
    assert "migrations/0001_create_audit_schema.sql" not in applied


def test_a_writer_that_does_not_end_is_not_waited_for_for_ever(db: Database, files: Path) -> None:
    changed = add(files / "triggers/refuse_mutation.sql", "-- changed\n")
    writer = db.connect(autocommit=False)
    writer.execute("insert into contacts (id) values (1)")  # holds a lock on audit.events
    with pytest.raises(MigrationError) as caught:
        migrate(db.url, lock_timeout="200ms")
    assert f"triggers/{changed.name}: another session held a lock for longer than 200ms" in str(caught.value)
    assert "pg_stat_activity" in str(caught.value)
    writer.commit()
    assert migrate(db.url, lock_timeout="200ms") == ["triggers/refuse_mutation.sql"]


# -- the files -----------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["migrations", "migrations/reference_tables"])
def test_migrations_are_named_number_verb_object_and_numbered_without_a_gap(folder: str) -> None:
    names = sorted(file.name for file in (migrations.sql_root() / folder).glob("*.sql"))
    assert names
    assert [name for name in names if not migrations.FILE_NAME.fullmatch(name)] == []
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


FUNCTIONS = [script for script in migrations.functions() if script.name != "triggers/watch_ddl.sql"]


@pytest.mark.parametrize("script", FUNCTIONS, ids=lambda script: Path(script.name).stem)
def test_a_function_file_holds_the_function_of_its_name_and_says_what_it_does(script: migrations.Script) -> None:
    name = Path(script.name).stem
    assert re.findall(r"^create or replace function audit\.(\w+)", script.text, re.MULTILINE) == [name]
    assert f"comment on function audit.{name}(" in script.text


# -- without a superuser -------------------------------------------------------------------------


@pytest.fixture
def owner(db: Database, blank: str) -> Iterator[tuple[str, str]]:
    """The address of an empty database for its owner, who is no superuser but may create roles; and their name."""
    database = str(conninfo_to_dict(blank)["dbname"])
    role = f"owner_of_{database}"
    db.run(f"create role {role} login createrole")
    db.run(f"alter database {database} owner to {role}")
    yield make_conninfo(blank, user=role), role
    with psycopg.connect(blank, autocommit=True) as connection:
        name = sql.Identifier(role)
        connection.execute(sql.SQL("alter database {} owner to current_user").format(sql.Identifier(database)))
        connection.execute(sql.SQL("reassign owned by {} to current_user").format(name))
        connection.execute(sql.SQL("drop owned by {} cascade").format(name))
        connection.execute(sql.SQL("drop role {}").format(name))


def test_an_owner_who_is_no_superuser_migrates_when_allowed_to_act_as_audit_owner(
    db: Database, owner: tuple[str, str]
) -> None:
    url, role = owner
    db.run(f"grant audit_owner to {role}")
    assert migrate(url, with_reference_tables=True)
    assert migrate(url, with_reference_tables=True) == []
    ask(url, "insert into contacts (id, first_name) values (1, 'Ada')")
    ask(url, "truncate contacts cascade")
    assert ask(url, "select action, db_user from audit.report where table_name = 'contacts' order by event_id") == [
        ("insert", role),
        ("truncate", role),
    ]


def test_an_owner_who_may_not_act_as_audit_owner_is_told_which_grant_is_missing(
    db: Database, owner: tuple[str, str]
) -> None:
    url, role = owner
    if db.superuser.info.server_version < 160_000:
        # There, who may create roles may also join any that is no superuser.
        assert migrate(url)
        return
    with pytest.raises(MigrationError) as caught:
        migrate(url)
    assert f"the role audit_owner is on this server already, and {role} may not act as it" in str(caught.value)
    assert f"Let a superuser run: grant audit_owner to {role}" in str(caught.value)
    assert ask(url, "select to_regnamespace('audit')") == [(None,)]


def test_on_a_server_that_never_saw_these_roles_the_owner_of_a_database_needs_no_superuser(
    own_server: EmbeddedServer,
) -> None:
    with tempfile.TemporaryDirectory(prefix="auditlog-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        with EmbeddedServer(Path(folder) / "server", bin_dir=own_server.bin_dir, settings={"fsync": "off"}) as server:
            ask(server.url(), "create role keeper login createrole")
            ask(server.url(), "create database crm owner keeper")
            url = make_conninfo(server.url(), user="keeper", dbname="crm")
            assert migrate(url, with_reference_tables=True)
            assert migrate(url) == []
            ask(url, "insert into contacts (id) values (1)")
            assert ask(url, "select db_user from audit.report where table_name = 'contacts'") == [("keeper",)]
