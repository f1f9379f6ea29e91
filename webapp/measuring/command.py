"""`scripts/measure-report`: the pages of a filled report against what they may take."""

from __future__ import annotations

import json
import os
import re
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import click
import requests
from itsdangerous import URLSafeSerializer
from psycopg import sql
from psycopg.conninfo import make_conninfo

from .. import config, passwords, searching
from ..connecting import connected
from ..db import Connection
from ..errors import AuditLogError
from ..explained import explained
from .pages import REPORT, Measured, pages
from .serving import HEADER

LOGIN = "auditlog_measure"
EMAIL = "measuring@example.org"
SECONDS = 30  # for the server to start


class MeasuringError(AuditLogError):
    """This log cannot be measured."""


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=7, show_default=True, help="Figures are medians of these.")
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Web processes.")
@click.option("--port", type=click.IntRange(1024, 65535), default=8765, show_default=True)
@click.option("--only", default="", metavar="TEXT", help="Only pages whose names hold this.")
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Also write them here.")
@explained
def measure_report(rounds: int, workers: int, port: int, only: str, json_file: Path | None) -> None:
    """How long each kind of page takes, in the database and to its last byte.

    On the database of AUDITLOG_DATABASE_URL, as scripts/generate-events fills it: a login and a person are made for
    this, and looking at pages is on record there. Never where the log is to be believed.

    Exit code 0: all within what they may take. 1: some are over.

    \b
    Example:
      scripts/measure-report --rounds 5 --only tab
    """
    url, password = config.database_url(), secrets.token_urlsafe(16)
    with connected(url, "measure-report", needs="superuser", autocommit=True) as connection:
        if connection.execute("select from audit.log limit 1").fetchone() is None:
            raise MeasuringError("the log is empty: fill it with scripts/generate-events")
        searching.extend(connection)
        _prepare(connection, password)
        key = secrets.token_urlsafe(48)
        signer = URLSafeSerializer(key, salt="page cursor")
        measured = pages(connection, lambda at: str(signer.dumps([at[0].isoformat(), at[1]])))
        row = connection.execute("select sum(events)::bigint from audit.activity").fetchone()
        events = row[0] if row else 0
    environment = os.environ | {
        "AUDITLOG_DATABASE_URL": make_conninfo(url, user=LOGIN, password=password),
        "AUDITLOG_SECRET_KEY": key,
        "AUDITLOG_BIND": f"127.0.0.1:{port}",
        "AUDITLOG_TOTP_REQUIRED": "nobody",
        "MEASURED_WORKERS": str(workers),
    }
    click.echo(f"{events:,} events; medians of {rounds}, in milliseconds.\n")
    click.echo(f"{'page':<44}{'database':>10}{'last byte':>11}{'slowest':>10}")
    figures: list[dict[str, object]] = []
    with _serving(environment, port), requests.Session() as browser:
        site = f"http://127.0.0.1:{port}"
        _sign_in(browser, site, password)
        for page in measured:
            if only in page.name:
                figures.append(_measure(browser, site, page, rounds))
    if json_file:
        json_file.write_text(json.dumps({"events": events, "rounds": rounds, "pages": figures}, indent=2))
    over = [str(figure["page"]) for figure in figures if not figure["ok"]]
    click.echo(f"\n{len(figures) - len(over)} of {len(figures)} within what they may take.")
    sys.exit(1 if over else 0)


def _prepare(connection: Connection, password: str) -> None:
    there = connection.execute("select from pg_roles where rolname = %s", (LOGIN,)).fetchone()
    statement = (
        "alter role {} login password {}" if there is not None else "create role {} login password {} in role audit_web"
    )
    connection.execute(sql.SQL(statement).format(sql.Identifier(LOGIN), sql.Literal(password)))
    connection.execute("delete from public.users where email = %s", (EMAIL,))
    connection.execute(
        "insert into public.users (name, email, role, password_hash) values ('Measuring', %s, 'auditor', %s)",
        (EMAIL, passwords.hasher.hash(password)),
    )


@contextmanager
def _serving(environment: dict[str, str], port: int) -> Generator[None]:
    command = [sys.executable, "-m", "webapp.measuring.serving"]
    process = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)
                break
            except requests.ConnectionError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise MeasuringError(f"the server did not start: is port {port} free?") from None
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def _sign_in(browser: requests.Session, site: str, password: str) -> None:
    form = {"csrf_token": _token(browser.get(f"{site}/login", timeout=30).text), "login": EMAIL, "password": password}
    answer = browser.post(f"{site}/login", data=form, headers={"Referer": f"{site}/login"}, timeout=30)
    if not answer.url.endswith("/reports/"):
        raise MeasuringError("signing in did not work: wait a minute, and try again")


def _measure(browser: requests.Session, site: str, page: Measured, rounds: int) -> dict[str, object]:
    address = site + (page.address or _found(browser, site, page.typed))
    taken: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = browser.get(address, timeout=60, allow_redirects=False)
        last_byte = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            raise MeasuringError(f"{page.name}: {address} answers {answer.status_code}")
        taken.append((float(answer.headers[HEADER].partition("dur=")[2]), last_byte))
    database, last_byte = (statistics.median(times[i] for times in taken[1:]) for i in (0, 1))  # the first one warms up
    ok = database <= page.most[0] and last_byte <= page.most[1]
    slowest = max(times[1] for times in taken[1:])
    click.echo(f"{page.name:<44}{database:>10.1f}{last_byte:>11.1f}{slowest:>10.1f}  {'' if ok else 'over'}")
    return {
        "page": page.name,
        "database_ms": round(database, 1),
        "last_byte_ms": round(last_byte, 1),
        "slowest_ms": round(slowest, 1),
        "most": page.most,
        "ok": ok,
    }


def _found(browser: requests.Session, site: str, typed: str) -> str:
    """The address that a search leads to."""
    form = {"csrf_token": _token(browser.get(site + REPORT, timeout=60).text), "q": typed}
    answer = browser.post(f"{site}{REPORT}/find", data=form, timeout=60, allow_redirects=False)
    if answer.status_code != 303:
        raise MeasuringError(f"looking for {urlencode({'q': typed})} answers {answer.status_code}")
    return answer.headers["Location"]


def _token(html: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found, "a page without its form"
    return found[1]


if __name__ == "__main__":
    measure_report()
