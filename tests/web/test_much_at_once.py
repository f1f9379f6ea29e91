"""Where more was written at once than a page can look through, the newest events come a little later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, download, rows_of, text_of
from webapp import narrowing, searching
from webapp.errors import ExportRefused
from webapp.exports.export import Export
from webapp.filters import Filters
from webapp.scopes import EVERYTHING
from webapp.web.recording import Visitor as Recorder

Visitor = Callable[..., Browser]
NOTICE = "the newest events are not shown yet"
PAGES = (
    REPORT,
    f"{REPORT}?category=groups",
    f"{REPORT}/activity",
    f"{REPORT}/actors/7",
    f"{REPORT}/print?entity=group",
)


def test_pages_say_that_they_leave_the_newest_out_and_do_not_read_them_all(
    db: Database, app: Flask, visitor: Visitor
) -> None:
    browser = visitor("auditor")
    writer = db.connect("app", autocommit=False)
    writer.execute("select audit.set_actor('7', 'Alex')")
    writer.execute("insert into groups (name) values ('Before')")
    writer.commit()
    searching.extend(db.superuser)
    assert [page for page in PAGES if NOTICE in browser.get(page)] == []
    many = narrowing.MOST_UNFOUND
    writer.execute("insert into groups (name) select 'Bulk ' || n from generate_series(1, %s) n", (many,))
    writer.commit()
    last = db.value("select max(id) from groups")
    for page in PAGES:
        said = text_of(browser.get(page))
        assert NOTICE in said, page
        assert "Bulk" not in said, page
    assert f"Bulk {many}" in browser.get(f"{REPORT}/records/group/{last}")
    assert "Bulk" in browser.get(f"{REPORT}?entity=group&record={last}")
    busy = db.connect("web", autocommit=False)
    busy.execute("select audit.extend_search(1)")  # and goes on
    with pytest.raises(ExportRefused, match="a file holds all of them, or is not begun"):
        Export(app.extensions["pool"], Filters(), EVERYTHING, Recorder("2", "Mei", {}), limit=many, patience=0)
    busy.rollback()
    file = rows_of(download(browser, f"{REPORT}?entity=group&action=insert"))
    assert len(file) == many + 1
    searching.extend(db.superuser)
    assert [page for page in PAGES if NOTICE in browser.get(page)] == []
    assert "Bulk" in text_of(browser.get(REPORT))
