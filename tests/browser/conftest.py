"""A real browser in front of the real application."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_postgresql.executors import NoopExecutor
from werkzeug.serving import make_server

from tests.conftest import PASSWORD, PEOPLE, Database, add_people, cloned, settings_for
from webapp import create_app

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if not program:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def listening(app: Flask) -> Generator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The application, really listening."""
    with listening(app) as address:
        yield address


@dataclass(frozen=True)
class Shown:
    """A site that tests of a file only look at, and who is signed in there."""

    db: Database
    address: str
    signed_in: Any


@pytest.fixture(scope="module")
def shown(server: NoopExecutor, chromium: Browser) -> Iterator[Shown]:
    with cloned(server, "shown") as url, psycopg.connect(url, autocommit=True) as superuser:
        database = Database(url, superuser)
        add_people(database)
        app = create_app(settings_for(database))
        with listening(app) as address:
            context = chromium.new_context(base_url=address)
            sign_in(context.new_page())
            yield Shown(database, address, context.storage_state())
            context.close()
        app.extensions["pool"].close()
        database.close()


@contextmanager
def window(chromium: Browser, site: str, **options: Any) -> Generator[Page]:
    """A new window; whatever it complains about fails the test."""
    context = chromium.new_context(base_url=site, accept_downloads=True, locale="en-GB", **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # Pages that answer 400, 403 and 404 on purpose are noted by the browser too.
    assert [text for text in complaints if "Failed to load resource" not in text] == []


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    with window(chromium, site) as page:
        yield page


def picture(page: Page, name: str) -> None:
    """What one sees first, in test-results/, for people: how a page looks, no assertion tells in full."""
    page.screenshot(path=Path("test-results") / f"{name}.png")


def sign_in(page: Page, who: str = "auditor") -> None:
    page.goto("/login")
    page.get_by_label("E-mail address").fill(PEOPLE[who][2])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports")
