"""The benchmark measures everybody or says why not. How fast anything is, is not tested."""

from __future__ import annotations

import json
import math
import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pytest_postgresql.executors import NoopExecutor

from webapp.bench import statements, subjects, workloads
from webapp.bench.clients import clients
from webapp.bench.ideas import IDEAS
from webapp.bench.rounds import WORKLOADS, Plan, run
from webapp.bench.servers import Server, running
from webapp.bench.subjects import SUBJECTS, Subject
from webapp.cli import main
from webapp.embedded import EmbeddedServer

SMALL = ["--rows", "200", "--rounds", "1", "--seed", "7"]


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bench", *arguments])


@pytest.fixture(scope="module")
def address(server: NoopExecutor) -> str:
    return make_conninfo("", host=server.host, port=server.port, user=server.user, password=server.password)


#: Peers that are part of a server, if anything: Debian has them for its own.
EXTENSIONS = {"tablelog": "table_log", "periods": "periods"}


def offered(address: str, extension: str) -> bool:
    with psycopg.connect(address, dbname="postgres") as connection:
        found = connection.execute("select from pg_available_extensions where name = %s", (extension,))
        return found.fetchone() is not None


def left_behind(address: str) -> list[Any]:
    with psycopg.connect(address, dbname="postgres") as connection:
        return connection.execute("select datname from pg_database where datname ~ 'auditlog_bench'").fetchall()


@pytest.fixture(scope="module")
def measured(address: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, dict[str, Any]]:
    """One run of everything, on the server of the tests."""
    file = tmp_path_factory.mktemp("bench") / "figures.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDITLOG_DATABASE_URL", make_conninfo(address, dbname="postgres"))
        result = bench(*SMALL, "--json", str(file))
    assert result.exit_code == 0, result.output
    return result, json.loads(file.read_text())


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_each_subject_is_measured_or_says_why_not(
    measured: tuple[Result, dict[str, Any]], subject: Subject, address: str
) -> None:
    result, figures = measured
    found = figures["subjects"][subject.name]
    assert subject.name in result.output
    if subject.name in EXTENSIONS and not offered(address, EXTENSIONS[subject.name]):
        if figures["server"]["version"].startswith("15"):
            pytest.skip(f"{subject.name} is not installed: apt-get install postgresql-15-{subject.name}")
        assert f"not measured: {found['problem']}" in result.output
        return
    assert found["problem"] is None
    assert set(found["workloads"]) == set(WORKLOADS)
    for figure in found["workloads"].values():
        numbers = [figure["seconds"], figure["to_none"], figure["added_us"], figure["to_ours"] or 0.0]
        assert all(isinstance(number, float) and math.isfinite(number) for number in numbers)
    rows = {action: stored["audit_rows"] for action, stored in found["stored"].items()}
    assert rows == {
        "none": {"insert": 0, "update": 0, "delete": 0},
        "tablelog": {"insert": 200, "update": 400, "delete": 200},
        "periods": {"insert": 0, "update": 200, "delete": 200},
    }.get(subject.name, {"insert": 200, "update": 200, "delete": 200})


def test_it_says_where_and_how_it_measured(measured: tuple[Result, dict[str, Any]]) -> None:
    result, figures = measured
    assert (
        f"PostgreSQL {figures['server']['version']}, {figures['cores']} cores; 200 rows, 1 rounds, seed 7"
        in result.output
    )
    assert (figures["rows"], figures["rounds"], figures["seed"]) == (200, 1, 7)


def test_nothing_stays_on_a_server_of_somebody_else(measured: object, address: str) -> None:
    assert left_behind(address) == []


def test_floor_and_ours_write_the_same_rows(address: str) -> None:
    """To the letter, for every way of writing: otherwise it would not be the floor of it."""
    server = Server(make_conninfo(address, dbname="postgres"))
    try:
        written = [_written(server, s) for s in SUBJECTS if s.name in (subjects.FLOOR, subjects.OURS)]
    finally:
        server.clean()
    assert written[0] == written[1]
    assert len(written[0]) == 9


def _written(server: Server, subject: Subject) -> list[Any]:
    url = server.create(subject.name)
    subjects.create_table(url)
    subject.install(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for action in statements.ACTIONS:
            if subject.by_hand and action == "delete":
                connection.execute(statements.KEEP_ROWS)
            connection.execute(statements.BULK[action].encode(), (2,) if action == "insert" else None)
            if subject.by_hand:
                connection.execute(statements.floor_bulk(action).encode())
        for action in statements.ACTIONS:
            statement = statements.one_row(action, by_hand=subject.by_hand).format(n="%s::bigint")
            connection.execute(statement.encode(), (3,))
        return connection.execute(
            "select action, record_id, regexp_replace(old_row, '\"[^\"]*\"\\)$', ''), "
            "regexp_replace(new_row, '\"[^\"]*\"\\)$', '') from audit.log where action <> 'c' order by event_id"
        ).fetchall()


FAILING = """
create function fail() returns trigger language plpgsql as $$ begin raise 'out of order'; end $$;
create trigger fail after insert on contacts for each row
  when (current_setting('application_name') ~ 'client') execute function fail()
"""


def test_a_peer_that_fails_is_named_and_the_others_are_measured(address: str) -> None:
    def install(url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(FAILING)

    server = Server(make_conninfo(address, dbname="postgres"))
    chosen = (SUBJECTS[0], Subject("failing", "fails in client processes", install, is_peer=True))
    try:
        with clients() as processes:
            none, failing = run(server, chosen, Plan(rows=200, rounds=1, seed=1), processes)
    finally:
        server.clean()
    assert none.problem is None
    assert len(none.rounds) == 1
    assert failing.problem == "out of order"
    assert failing.rounds == []


def test_a_peer_that_is_not_installed_is_named_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> None:
        pass

    monkeypatch.setattr("importlib.util.find_spec", find_nothing)
    peer = next(subject for subject in SUBJECTS if subject.name == "django-pghistory")
    with pytest.raises(subjects.NotHereError, match="django-pghistory is not installed: scripts/bootstrap --dev"):
        peer.install("postgresql://nowhere")


def test_without_an_address_it_brings_its_own_server_and_takes_it_away_when_told_to_end(
    embedded: EmbeddedServer | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDITLOG_DATABASE_URL", raising=False)
    found: dict[str, str] = {}
    with ExitStack() as ended:
        stopped = ended.enter_context(pytest.raises(SystemExit))
        server = ended.enter_context(running(embedded.bin_dir if embedded else None))
        found |= server.described()
        folder = Path(str(conninfo_to_dict(server.url)["host"])).parents[1]
        assert folder.name.startswith("auditlog-bench-")
        signal.raise_signal(signal.SIGTERM)
    assert stopped.value.code == 143
    assert {"shared_buffers": "256MB", "autovacuum": "off", "fsync": "on"}.items() <= found.items()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "floor,nobody"], 'there is no "nobody"; there are none, floor, audit-log-report, django-pghistory'),
        (["--rows", "10"], "'--rows': 10 is not in the range x>=200"),
        (["--rounds", "0"], "'--rounds': 0 is not in the range x>=1"),
        (["--json", "/nowhere/figures.json"], "there is no folder /nowhere: create it first"),
        (["--bindir", "/nowhere"], "'/nowhere' does not exist"),
        (["--bindir", "/etc"], "no initdb in /etc: give the folder of PostgreSQL's programs"),
    ],
)
def test_a_bad_option_is_explained(arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITLOG_DATABASE_URL", raising=False)
    result = bench(*arguments)
    assert result.exit_code != 0
    assert words in " ".join(result.output.split())


def test_two_servers_are_one_too_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", "postgresql://somewhere")
    result = bench("--bindir", str(tmp_path))
    assert result.exit_code == 1
    assert "give only one of them" in result.output


def test_there_are_rows_enough_for_every_client() -> None:
    assert workloads.rows_used(workloads.MINIMUM_ROWS) <= workloads.MINIMUM_ROWS


def test_our_ideas_are_measured_one_by_one(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITLOG_DATABASE_URL", make_conninfo(address, dbname="postgres"))
    file = tmp_path / "figures.json"
    assert bench(*SMALL, "--ideas", "--only", "as-json,row-by-row", "--json", str(file)).exit_code == 0
    found = json.loads(file.read_text())["subjects"]
    assert list(found) == ["none", "row-by-row", "as-json"]
    assert {n["audit_rows"] for name in ("row-by-row", "as-json") for n in found[name]["stored"].values()} == {200}
    assert "there are none, floor, audit-log-report, row-by-row," in bench("--ideas", "--only", "tablelog").output


def test_each_idea_is_really_taken_back(address: str) -> None:
    server = Server(make_conninfo(address, dbname="postgres"))
    said = (
        "select (select by_statement from audit.tracked), (select left(new_row, 1) from audit.log where action = 'i'), "
        "(select count(*) from pg_index where indrelid = 'audit.log'::regclass), "
        "(select application is null from audit.log where action = 'i')"
    )
    told: dict[str, Any] = {}
    try:
        for subject in IDEAS[2:]:
            url = server.create(subject.name)
            subjects.create_table(url)
            subject.install(url)
            with psycopg.connect(url, autocommit=True, application_name="bench") as connection:
                connection.execute("insert into contacts (first_name) values ('Ada')")
                told[subject.name] = connection.execute(said).fetchone()
            server.drop(subject.name)
    finally:
        server.clean()
    statements = ["insert", "update", "delete"]
    assert told == {
        "audit-log-report": (statements, "(", 3, False),
        "row-by-row": ([], "(", 3, False),
        "as-json": (statements, "{", 3, False),
        "no-indexes": (statements, "(", 0, False),
        "no-context": (statements, "(", 3, True),
    }
