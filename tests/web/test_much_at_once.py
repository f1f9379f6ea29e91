"""Where more was written at once than a page can look through, the newest events come a little later."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Browser, Database
from tests.web.reading import REPORT, download, rows_of, text_of
from webapp import narrowing, searching

Visitor = Callable[..., Browser]
NOTICE = "the newest events are not shown yet"
PAGES = (
    REPORT,
    f"{REPORT}?category=groups",
    f"{REPORT}/activity",
    f"{REPORT}/actors/7",
    f"{REPORT}/print?entity=group",
)


def test_pages_say_that_they_leave_the_newest_out_and_do_not_read_them_all(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    app = db.connect("app", autocommit=False)
    app.execute("select audit.set_actor('7', 'Alex')")
    app.execute("insert into groups (name) values ('Before')")
    app.commit()
    searching.extend(db.superuser)
    assert [page for page in PAGES if NOTICE in browser.get(page)] == []
    many = narrowing.MOST_UNFOUND
    app.execute("insert into groups (name) select 'Bulk ' || n from generate_series(1, %s) n", (many,))
    app.commit()
    last = db.value("select max(id) from groups")
    for page in PAGES:
        said = text_of(browser.get(page))
        assert NOTICE in said, page
        assert "Bulk" not in said, page
    assert f"Bulk {many}" in browser.get(f"{REPORT}/records/group/{last}")
    assert "Bulk" in browser.get(f"{REPORT}?entity=group&record={last}")
    file = rows_of(download(browser, f"{REPORT}?entity=group&action=insert"))
    assert len(file) == many + 1
    searching.extend(db.superuser)
    assert [page for page in PAGES if NOTICE in browser.get(page)] == []
    assert "Bulk" in text_of(browser.get(REPORT))
