"""A download that nobody takes any more comes to an end, and the end is on record."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode

from tests.conftest import PASSWORD, Database, csrf_token
from tests.web.conftest import served
from tests.web.reading import REPORT, flood
from tests.web.test_export import notes
from webapp.config import Settings

#: `auditlog serve` with one web process, but less patience.
IMPATIENT = "from webapp import cli, web_worker; web_worker.SENDING_SECONDS = 1; cli.main(['serve', '--workers', '1'])"


class Downloader:
    """A browser that keeps its cookie and can leave an answer unread."""

    def __init__(self, port: int, kept_open: ExitStack) -> None:
        self.port = port
        self.kept_open = kept_open
        self.cookie = ""

    def ask(self, path: str, **fields: str) -> HTTPResponse:
        connection = self.kept_open.enter_context(closing(HTTPConnection("127.0.0.1", self.port, timeout=30)))
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST" if fields else "GET", path, urlencode(fields), headers)
        response = self.kept_open.enter_context(connection.getresponse())
        if cookie := response.headers["Set-Cookie"]:
            self.cookie = cookie.partition(";")[0]
        return response

    def submit(self, path: str, page: str, **fields: str) -> HTTPResponse:
        return self.ask(path, csrf_token=csrf_token(self.ask(page).read().decode()), **fields)


def test_a_reader_who_stops_taking_the_file_is_given_up(db: Database, settings: Settings, people: object) -> None:
    flood(db, 30_000)  # more than lies between the two ends
    with served(settings, [sys.executable, "-c", IMPATIENT]) as port, ExitStack() as kept_open:
        browser = Downloader(port, kept_open)
        browser.submit("/login", "/login", login="mei@example.org", password=PASSWORD)
        response = browser.submit(f"{REPORT}/export", REPORT)
        assert response.status == 200
        assert response.read(1000).startswith(b"event_id,")
        deadline = time.monotonic() + 30
        while "outcome" not in notes(db)[-1]:
            assert time.monotonic() < deadline, "it is still waiting for the reader"
            time.sleep(0.1)
        assert notes(db)[-1]["outcome"] == "client went away"
        assert 0 < notes(db)[-1]["row_count"] < 30_000
        again = browser.submit(f"{REPORT}/export?record=none", REPORT)
        assert (again.status, again.read().count(b"\r\n")) == (200, 1)
