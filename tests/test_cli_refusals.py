"""What a command refuses, or cannot reach, is named, with the way out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.clients.places import free_port, new_place
from tests.conftest import SECRET_KEY, Database
from tests.test_cli import COMMANDS, error, invoke
from webapp import server
from webapp.config import SETTINGS, from_environment
from webapp.embedded import EmbeddedServer
from webapp.embedded.messages import DISK_FULL
from webapp.errors import MigrationError
from webapp.explained import explained

# -- settings ------------------------------------------------------------------------------------

#: Arguments that a command cannot do without; it must not get as far as using them.
ARGUMENTS = {
    ("track",): ["contacts"],
    ("untrack",): ["contacts"],
    ("retain",): ["--keep", "24m", "--to", "/nowhere"],
    ("hold", "add"): ["--reason", "a lawsuit"],
    ("hold", "release"): ["1"],
    ("user", "add"): ["mei@example.org", "--name", "Mei"],
    ("user", "set-role"): ["mei@example.org", "editor"],
    ("user", "disable"): ["mei@example.org"],
    ("user", "grant"): ["mei@example.org", "audit.view"],
    ("user", "revoke"): ["mei@example.org", "audit.view"],
    ("user", "limit"): ["mei@example.org", "contacts"],
    ("user", "reset-password"): ["mei@example.org"],
    ("user", "reset-totp"): ["mei@example.org"],
    ("user", "sign-out"): ["mei@example.org"],
}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_refuses_a_setting_that_does_not_exist(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_DATABSE_URL", "postgresql://owner@host/crm")
    message = error(invoke(*command, *ARGUMENTS.get(command, [])))
    assert message == 'unknown setting "AUDITLOG_DATABSE_URL": did you mean AUDITLOG_DATABASE_URL?'


def test_a_setting_that_resembles_none_is_answered_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_COLOUR", "blue")
    assert error(invoke("status")) == f'unknown setting "AUDITLOG_COLOUR": there are {", ".join(SETTINGS)}'


# -- where the page is served --------------------------------------------------------------------


@pytest.fixture
def serving(db: Database, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All that `serve` needs, but for the address."""
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", db.url_of("web"))
    monkeypatch.setenv("AUDITLOG_SECRET_KEY", SECRET_KEY)
    return monkeypatch


@pytest.mark.parametrize("workers", ["0", "-1"])
def test_no_web_process_is_too_few(workers: str) -> None:
    result = invoke("serve", "--workers", workers)
    assert result.exit_code == 2
    assert f"{workers} is not in the range x>=1" in result.stderr


def test_a_weak_password_of_the_database_and_debugging_are_not_served(
    db: Database, serving: pytest.MonkeyPatch
) -> None:
    serving.setenv("AUDITLOG_DATABASE_URL", db.url_of("web", password="postgres"))
    assert error(invoke("serve")).startswith("the password in AUDITLOG_DATABASE_URL is too short, or among the first")
    serving.setenv("FLASK_DEBUG", "1")
    assert error(invoke("serve")) == "FLASK_DEBUG is set, and would show the inside of errors to readers: unset it"


def test_a_report_that_nobody_may_sign_in_to_is_served_with_a_warning(
    db: Database, serving: pytest.MonkeyPatch
) -> None:
    settings = from_environment()
    assert server.require_database(settings) == [server.NOBODY]
    db.run("insert into users (name, email, password_hash, active) values ('Mei', 'm@example.org', '!', false)")
    assert server.require_database(settings) == [server.NOBODY]
    db.run("update users set active = true")
    assert server.require_database(settings) == []
    served: list[server.WebServer] = []

    def serve(site: server.WebServer) -> None:
        served.append(site)

    serving.setattr(server.WebServer, "run", serve)
    serving.setenv("AUDITLOG_BIND", f"127.0.0.1:{free_port()}")
    db.run("delete from users")
    assert f"Warning: {server.NOBODY}\n" in invoke("serve").stderr
    assert served


@pytest.mark.parametrize("host", ["300.1.1.1", "192.0.2.1"])
def test_an_address_of_no_network_card_here_is_named(serving: pytest.MonkeyPatch, host: str) -> None:
    serving.setenv("AUDITLOG_BIND", f"{host}:8000")
    assert error(invoke("serve")).startswith(f'"{host}" is not an address of this machine: use 127.0.0.1')


def test_a_port_that_is_taken_is_named_with_the_setting_for_another(serving: pytest.MonkeyPatch) -> None:
    serving.setattr("webapp.server.PORT_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        serving.setenv("AUDITLOG_BIND", bind)
        assert error(invoke("serve")).endswith("stop what uses it, or choose another with AUDITLOG_BIND")


@pytest.mark.parametrize("port", ["0", "99999"])
def test_a_port_that_does_not_exist_is_refused_also_when_nothing_is_served(tmp_path: Path, port: str) -> None:
    result = invoke("demo", "--no-serve", "--port", port, "--data-dir", str(tmp_path / "never made"))
    assert error(result) == f"port {port} does not exist: choose one from 1024 to 65535"
    assert not (tmp_path / "never made").exists()


# -- who may, and whom the database lets in ------------------------------------------------------


def test_a_database_that_is_not_there_is_named(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", make_conninfo(db.url, dbname="no_such_db"))
    assert error(invoke("status")) == (
        'there is no database "no_such_db": create it, or name another in AUDITLOG_DATABASE_URL'
    )


def test_a_login_that_is_not_there_is_named(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", make_conninfo(db.url, user="no such login"))
    assert error(invoke("status")) == (
        'there is no login "no such login": create it, or name another in AUDITLOG_DATABASE_URL'
    )


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The address of a server that asks everybody but postgres for a password."""
    with new_place() as folder:
        rules = folder / "rules"
        rules.write_text("local all postgres trust\nlocal all nobody reject\nlocal all all scram-sha-256\n")
        with EmbeddedServer(folder / "server", settings={"hba_file": str(rules)}) as server:
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute("create role clerk login password 'right'")
                connection.execute("create role nobody login")
            yield server.url()


@pytest.mark.parametrize(
    ("login", "message"),
    [
        (
            {"user": "clerk", "password": "wr0ng"},
            'the password of "clerk" is wrong: put the right one into AUDITLOG_DATABASE_URL',
        ),
        (
            {"user": "clerk"},
            "the database asks for a password: write AUDITLOG_DATABASE_URL as postgresql://user:password@host/database",
        ),
        (
            {"user": "nobody"},
            "the database refuses the connection of AUDITLOG_DATABASE_URL: pg_hba.conf rejects connection",
        ),
    ],
    ids=["wrong password", "no password", "refused"],
)
def test_a_login_that_the_database_does_not_let_in_is_told_why(
    guarded: str, login: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", make_conninfo(guarded, **login))
    assert error(invoke("status")).startswith(message)


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (("status",), "one of the roles audit_reader, audit_web and audit_admin"),
        (("serve",), "the role audit_web"),
        (("user", "disable", "mei@example.org"), "the role audit_admin and rights on users"),
    ],
    ids=["status", "serve", "user"],
)
def test_a_login_without_rights_is_named_with_the_role_that_it_needs(
    db: Database, serving: pytest.MonkeyPatch, command: tuple[str, ...], role: str
) -> None:
    serving.setenv("AUDITLOG_DATABASE_URL", db.url_of("stranger"))
    serving.setenv("AUDITLOG_BIND", f"127.0.0.1:{free_port()}")
    message = error(invoke(*command))
    assert message.startswith("permission denied for table ")
    assert f'the login "stranger" needs {role}; grant it, or name the database\'s owner in' in message


def test_an_auditors_login_is_not_enough_to_serve(db: Database, serving: pytest.MonkeyPatch) -> None:
    serving.setenv("AUDITLOG_DATABASE_URL", db.url_of("reader"))
    assert 'the login "reader" needs the role audit_web' in error(invoke("serve"))


def test_a_login_that_could_change_the_log_is_not_served_and_status_names_it(
    db: Database, serving: pytest.MonkeyPatch
) -> None:
    serving.setenv("AUDITLOG_DATABASE_URL", db.url)
    message = error(invoke("serve"))
    assert '"postgres" can do more than show the log: it is a superuser. Give the web application a login of' in message
    name = db.superuser.info.dbname
    db.run("create role too_much login createdb in role audit_web, audit_admin")
    try:
        db.run(f"grant create on database {name} to too_much; grant create on schema audit to too_much")
        serving.setenv("AUDITLOG_DATABASE_URL", db.url_of("too_much"))
        message = error(invoke("serve"))
        for problem, cure in {
            "can create databases": "alter role too_much nocreatedb",
            "can decide what is tracked": "revoke audit_admin from too_much",
            "can create schemas": f"revoke create on database {name} from too_much",
            "can create things beside the log": "revoke create on schema audit from too_much",
        }.items():
            assert problem in message
            assert cure in message
        status = invoke("status")
        assert status.exit_code == 1
        assert 'The login "too_much" of the web application can create databases. alter role' in status.stdout
        db.run(
            "grant insert on audit.log to too_much; alter role too_much nocreatedb; revoke audit_admin from too_much"
        )
        db.run(f"revoke create on database {name} from too_much; revoke create on schema audit from too_much")
        assert "it can write to the log. Give" in error(invoke("serve"))
    finally:
        db.run("drop owned by too_much; drop role too_much")
    # From PostgreSQL 16 on, whoever creates the role with CREATEROLE gets to administer it, without its rights.
    db.run("create role maker login createrole; grant audit_web to maker with admin option")
    try:
        if db.superuser.info.server_version >= 160000:
            db.run("grant audit_web to maker with inherit false, set false")
            serving.setenv("AUDITLOG_DATABASE_URL", db.url_of("admin"))
            assert invoke("status").exit_code == 0
    finally:
        db.run("drop role maker")
    serving.setenv("AUDITLOG_DATABASE_URL", db.url_of("admin"))
    assert invoke("status").exit_code == 0


def test_a_statement_that_the_server_ended_is_not_taken_for_a_server_that_is_not_there() -> None:
    @explained
    def command() -> None:
        raise psycopg.errors.AdminShutdown("terminating connection due to administrator command")

    with pytest.raises(Exception, match=r"^terminating connection due to administrator command$"):
        command()


# -- the disk is full ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure",
    [
        psycopg.errors.DiskFull("could not extend file"),
        psycopg.OperationalError('could not extend file "base/5/1": wrote only 4096 of 8192 bytes at block 7'),
        MigrationError(
            'migrations/0002_x.sql: could not write "x": No space left on device; this file was not applied'
        ),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_a_full_disk_is_always_named_with_the_cure(failure: Exception) -> None:
    @explained
    def command() -> None:
        raise failure

    with pytest.raises(Exception, match=r"^the disk is full: free some space") as shown:
        command()
    assert str(shown.value) == DISK_FULL
