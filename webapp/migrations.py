"""The migration runner: numbered files once each, functions again whenever they change."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import LiteralString, cast

import psycopg

from . import searching
from .errors import MigrationError

LOCK_KEY = 4_716_220_915  # any number that no other program uses for an advisory lock
MINIMUM_SERVER = 150_000
BEFORE_THE_FIRST_RELEASE = 'A database of an unreleased version begins anew: see "Upgrade" in the README'
FILE_NAME = re.compile(r"\d{4}_[a-z]+(_[a-z0-9]+)+\.sql")


@dataclass(frozen=True)
class Script:
    """One SQL file. Its name is what audit.migrations remembers."""

    name: str
    text: str

    @property
    def stem(self) -> str:
        """Of a file of functions: the name that its functions have."""
        return Path(self.name).stem

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def sql_root() -> Path:
    """The sql/ folder: inside the installed package, or beside it in a checkout."""
    inside = Path(str(resources.files("webapp"))) / "sql"
    return inside if inside.is_dir() else inside.parent.parent / "sql"


def _scripts(folder: str) -> list[Script]:
    files = sorted((sql_root() / folder).glob("*.sql"))
    return [Script(f"{folder}/{file.name}", file.read_text(encoding="utf-8")) for file in files]


def migrations() -> list[Script]:
    return _scripts("migrations")


def reference_tables() -> list[Script]:
    return _scripts("migrations/reference_tables")


def functions() -> list[Script]:
    return _scripts("triggers")


Applied = dict[str, str]  # name -> checksum


def migrate(
    url: str,
    *,
    with_reference_tables: bool = False,
    on_apply: Callable[[str], None] = lambda name: None,
    lock_timeout: str = "10s",
) -> list[str]:
    """Bring the database up to date; return the names applied (none the second time).

    Raises MigrationError when the database does not fit, with what to do about it.
    """
    done: list[str] = []
    with psycopg.connect(url, autocommit=True, application_name="auditlog migrate") as connection:
        _require_server(connection)
        connection.execute("set jit = off")  # compiling plans of the catalog takes minutes, running them moments
        with _only_one(connection):
            applied = read_applied(connection)
            wanted_tables = with_reference_tables or any(s.name in applied for s in reference_tables())
            _check(applied)
            altered = _altered(connection)

            for script in migrations():
                if script.name not in applied:
                    _apply(connection, script, lock_timeout)
                    done.append(script.name)
                    on_apply(script.name)
            replaced = {name for (name,) in connection.execute("select name from audit.replaced")}
            for script in functions():
                if applied.get(script.name) != script.checksum or script.name in replaced:
                    _apply(connection, script, lock_timeout)
                    done.append(script.name)
                    on_apply(script.name)
            if any(name.startswith("triggers/") for name in done):
                _refresh_capture(connection, lock_timeout)
            connection.execute("select audit.ensure_guards(), audit.ensure_partitions()")
            connection.execute("select audit.note_relations(%s)", (altered,))
            if wanted_tables:
                for script in reference_tables():
                    if script.name not in applied:
                        _apply(connection, script, lock_timeout)
                        done.append(script.name)
                        on_apply(script.name)
            # Whoever serves or seals goes on with it.
            searching.extend(connection, seconds=searching.A_WHILE)
    return done


def _altered(connection: psycopg.Connection[tuple[object, ...]]) -> list[object]:
    """Tables and views that somebody has changed: what is made now must not make that right."""
    with suppress(psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return [name for (name,) in connection.execute("select name from audit.altered")]
    return []


def _refresh_capture(connection: psycopg.Connection[tuple[object, ...]], lock_timeout: str) -> None:
    """Tracked tables get capture as this version generates it."""
    tables = connection.execute(
        "select relation::text from audit.tracked cross join lateral audit.tracked_relation(tracked_id) relation "
        "where relation is not null order by 1"
    ).fetchall()
    for (table,) in tables:
        with _explained(f"capture of {table}", lock_timeout), connection.transaction():
            connection.execute("select set_config('lock_timeout', %s, true)", (lock_timeout,))
            connection.execute("select audit.refresh(%s)", (table,))


def require_current(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Raise MigrationError unless the database is exactly at this program's version."""
    applied = read_applied(connection)
    _check(applied)
    pending = [s.name for s in migrations() if s.name not in applied]
    pending += [s.name for s in functions() if applied.get(s.name) != s.checksum]
    if pending:
        raise MigrationError(
            f"the database is not up to date ({len(pending)} files to apply, the first is {pending[0]}): "
            "run `auditlog migrate` as the database's owner"
        )


def read_applied(connection: psycopg.Connection[tuple[object, ...]]) -> Applied:
    try:
        rows = connection.execute("select name, checksum from audit.migrations").fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return {}
    return {cast(str, name): cast(str, checksum) for name, checksum in rows}


def _check(applied: Applied) -> None:
    for known in (migrations(), reference_tables()):
        if not known:
            continue
        folder = known[0].name.rpartition("/")[0]
        files = {script.name: script.checksum for script in known}
        for name in sorted(n for n in applied if n.rpartition("/")[0] == folder):
            if name not in files and name > max(files):
                raise MigrationError(
                    f"the database is newer than this program: it has {name}. Upgrade audit-log-report, then try again"
                )
            if name not in files:
                raise MigrationError(
                    f"{name} was applied to this database but its file is gone. Restore the file: "
                    f"applied migrations are history and are never removed. {BEFORE_THE_FIRST_RELEASE}"
                )
            if files[name] != applied[name]:
                raise MigrationError(
                    f"{name} was edited after it was applied to this database. Put the file back as it was, "
                    f"and make the change in a new migration. {BEFORE_THE_FIRST_RELEASE}"
                )


def _require_server(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    version = connection.info.server_version
    if version < MINIMUM_SERVER:
        raise MigrationError(
            f"the server is PostgreSQL {version // 10_000}; audit-log-report needs 15 or later. Upgrade the server"
        )


@contextmanager
def _only_one(connection: psycopg.Connection[tuple[object, ...]]) -> Generator[None]:
    # Whoever comes second waits, then finds nothing left to do.
    connection.execute("set lock_timeout = '5min'")
    connection.execute("select pg_advisory_lock(%s)", (LOCK_KEY,))
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select pg_advisory_unlock(%s)", (LOCK_KEY,))


def _apply(connection: psycopg.Connection[tuple[object, ...]], script: Script, lock_timeout: str) -> None:
    with _explained(script.name, lock_timeout), connection.transaction():
        connection.execute("select set_config('lock_timeout', %s, true)", (lock_timeout,))
        # Functions may call each other whatever order the files come in.
        connection.execute("set local check_function_bodies = off")
        made = _make_way(connection, script)
        connection.execute(cast(LiteralString, script.text))
        connection.execute(
            "insert into audit.migrations (name, checksum, made) "
            "values (%(name)s, %(checksum)s, "
            "coalesce((select fingerprint from audit.installed where name = %(stem)s), %(made)s)) "
            "on conflict (name) do update set checksum = excluded.checksum, made = excluded.made, "
            "applied_at = clock_timestamp(), applied_by = session_user",
            {"name": script.name, "stem": script.stem, "checksum": script.checksum, "made": made},
        )


def _make_way(connection: psycopg.Connection[tuple[object, ...]], script: Script) -> object:
    """Before functions are made anew: nothing of that is a difference to put on record. Returns what they were."""
    if script.name.startswith("migrations/"):
        return None
    stolen = connection.execute(
        "select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'audit'::regnamespace "
        "and p.proname = %s and p.proowner <> 'audit_owner'::regrole",
        (script.stem,),
    ).fetchall()
    for (function,) in stolen:
        connection.execute(f"alter function {function} owner to audit_owner".encode())
    row = connection.execute(
        "update audit.migrations n set made = null from audit.migrations o "
        "where n.name = %s and o.name = n.name returning o.made",
        (script.name,),
    ).fetchone()
    return row and row[0]


@contextmanager
def _explained(step: str, lock_timeout: str) -> Generator[None]:
    """What went wrong in one step, with its name and the cure."""
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise MigrationError(
            f"{step}: another session held a lock for longer than {lock_timeout}; this was not applied. "
            "Look for it in pg_stat_activity, and try again when it has finished"
        ) from None
    except psycopg.errors.InsufficientPrivilege as error:
        cure = error.diag.message_hint or (
            "Connect as the owner of the database, with the right to create roles (CREATEROLE) or as superuser"
        )
        raise MigrationError(
            f"{step}: {error.diag.message_primary}. {cure.rstrip('.')}; this was not applied"
        ) from error
    except psycopg.errors.DuplicateSchema:
        raise MigrationError(
            f"{step}: this database has a schema audit of something else, perhaps another audit tool. "
            "Rename or drop it, and try again; this was not applied"
        ) from None
    except psycopg.errors.DuplicateTable as error:
        raise MigrationError(
            f"{step}: {error.diag.message_primary}. Reference tables are for a database that has none of its own: "
            "track yours with `auditlog track`, and let audit.web_users show your people; this was not applied"
        ) from None
    except psycopg.Error as error:
        raise MigrationError(f"{step}: {error.diag.message_primary or error}; this was not applied") from error
