"""Saved views: one's own list, links that colleagues open, and nothing of anybody else's to change."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

from tests.conftest import Browser, Database, check_page
from tests.web.reading import REPORT, address, event_ids, imported, text_of
from tests.web.test_finding import chips, search
from webapp.saved_views import DEFAULTS

Visitor = Callable[..., Browser]
VIEWS = f"{REPORT}/views"


def save(browser: Browser, query: str, name: str, status: int = 303) -> str:
    """Press Save view on the page of a query; where that leads, or what is said."""
    page = browser.get(search(browser, query))
    action = re.search(r'action="(/reports/audit-log/views[^"]*)"', page)
    assert action
    answer = browser.post(unescape(action[1]), page=REPORT, status=status, name=name)
    return answer.location if status == 303 else answer.text


def saved(browser: Browser) -> dict[str, str]:
    """The links to send of one's own views, by name."""
    page = browser.get(VIEWS)
    names = [unescape(name) for name in re.findall(r'<h2><a href="[^"]+">([^<]+)</a></h2>', page)]
    links = re.findall(r'readonly value="http://[^/]+([^"]+)"', page)
    return dict(zip(names, links, strict=True))


def test_a_view_is_saved_opened_renamed_and_deleted(db: Database, visitor: Visitor) -> None:
    (ada, _) = imported(db, {"after": {"name": "Ada"}}, {"after": {"name": "Bob"}})
    browser = visitor("auditor")
    assert "You have not saved a view yet" in browser.get(VIEWS)
    back = save(browser, "category:contacts ada created:2026", "  Ada’s   <b>life</b> ")
    assert event_ids(browser.get(back)) == [ada], "back on the same page"
    ((name, link),) = saved(browser).items()
    assert name == "Ada’s <b>life</b>"
    shown = browser.client.get(link, follow_redirects=True).text
    assert chips(shown) == ["When 2026-01-01 to 2026-12-31", "Category Contacts", "Words ada"]
    assert re.search(r'aria-current="true">Ada’s &lt;b&gt;life', shown), "the one that is shown is marked"
    browser.post(f"{link}/rename", page=VIEWS, status=303, name="Another")
    assert saved(browser) == {"Another": link}
    browser.post(f"{link}/delete", page=VIEWS, status=303)
    assert saved(browser) == {}
    browser.get(link, status=404)


def test_a_colleague_opens_the_link_with_what_they_may_see_and_changes_nothing(db: Database, visitor: Visitor) -> None:
    (ada,) = imported(db, {"after": {"name": "Ada"}})
    mei, alex = visitor("auditor"), visitor("admin")
    save(mei, "ada", "Mine")
    link = saved(mei)["Mine"]
    assert event_ids(alex.client.get(link, follow_redirects=True).text) == [ada]
    assert saved(alex) == {}
    for way in ("rename", "delete"):
        alex.post(f"{link}/{way}", page=VIEWS, status=404, name="Theirs")
    assert saved(mei) == {"Mine": link}
    db.run("update users set categories = '{groups}' where id = 1")
    limited = visitor("admin").client.get(link, follow_redirects=True)
    assert (limited.status_code, event_ids(limited.text)) == (200, [])
    visitor("plain").get(link, status=403)
    assert visitor().client.get(link).location.startswith("/login")


def test_a_search_is_no_saved_view_and_the_other_way_round(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    save(browser, "ada", "Mine")
    for query, status in (("name is null", 303), ("name is not null", 404)):
        view_id = db.value(f"select view_id from audit.views where {query}")
        browser.post(f"{VIEWS}/{view_id}/rename", page=VIEWS, status=404 if status == 303 else 303, name="New")
        browser.get(address(view=view_id), status=200 if status == 303 else 410)


def test_a_name_that_cannot_be_is_refused_in_words(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    for name, says in {"  ": "A view needs a name", "x" * 81: "at most 80 characters", "a\x00": "at most 80"}.items():
        page = save(browser, "action:delete", name, status=400)
        check_page(page, VIEWS)
        assert says in page
    for name in ("Mine", "Other"):
        save(browser, "action:delete", name)
    assert "You have a view “Mine” already" in save(browser, "action:view", "Mine", status=409)
    taken = browser.post(f"{saved(browser)['Other']}/rename", page=VIEWS, status=400, name="Mine")
    check_page(taken.text, VIEWS)
    assert 'aria-invalid="true"' in taken.text
    db.run("select audit.save_view('2', 'View ' || n, 'a', 'UTC') from generate_series(1, 48) n")
    assert "as many views as one person can save" in save(browser, "action:view", "One more", status=409)
    assert len(saved(browser)) == 50


def test_nothing_is_saved_or_changed_without_a_token(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    save(browser, "ada", "Mine")
    link = saved(browser)["Mine"]
    for path in (VIEWS, f"{link}/rename", f"{link}/delete", f"{REPORT}/find"):
        assert browser.client.post(path, data={"name": "x", "q": "bob"}).status_code == 400
    assert saved(browser) == {"Mine": link}
    assert db.value("select count(*) from audit.views") == 2


def test_the_views_for_everybody_answer_their_questions(db: Database, visitor: Visitor) -> None:
    now, admin = datetime.now(UTC), {"before": {"role": "editor"}, "after": {"role": "administrator"}}
    last_month = (now.replace(day=1) - timedelta(days=1)).isoformat()
    expected = imported(
        db,
        {"action": "delete", "before": {"id": 1}, "after": None, "record_id": "1", "occurred_at": now.isoformat(),
         "schema_name": "public", "table_name": "contacts"},
        {"action": "export", "occurred_at": last_month},
        {"action": "update", "entity": "user", "changed_fields": ["role"], "record_id": "5", "schema_name": "public",
         "table_name": "users", **admin},
        {"action": "sign_in_failed", "entity": "user", "occurred_at": now.isoformat()},
    )  # fmt: skip
    browser = visitor("auditor")
    db.connect("app").execute("insert into contacts (first_name) values ('Grace')")
    expected.append(db.last()["event_id"])
    page = browser.get(VIEWS)
    for (key, name, _), number in zip(DEFAULTS, expected, strict=True):
        assert f'href="{VIEWS}/{key}?tz=UTC">{name}</a>' in page
        found = event_ids(browser.client.get(f"{VIEWS}/{key}", follow_redirects=True).text)
        assert number in found, key
        assert len(found) == 1 or key == "nobody-named", key
    db.run("update users set categories = '{exports}' where id = 2")
    page = browser.get(VIEWS)
    assert [name for _, name, _ in DEFAULTS if name in text_of(page)] == [
        "Exports last month",
        "Changes by nobody named",
    ]
    browser.get(f"{VIEWS}/became-administrator", status=404)


def test_the_report_opens_with_the_view_that_its_reader_chose_and_with_every_event_again(
    db: Database, visitor: Visitor
) -> None:
    ada, bob = imported(db, {"after": {"name": "Ada"}}, {"after": {"name": "Bob"}})
    mei, alex = visitor("auditor"), visitor("admin")

    def opened(browser: Browser, path: str = REPORT) -> list[int]:
        found = event_ids(browser.client.get(path, follow_redirects=True).text)
        return [number for number in found if number in (ada, bob)]

    save(mei, "ada", "Mine")
    link = saved(mei)["Mine"]
    assert opened(mei) == [bob, ada], "until it is chosen"
    assert "Open the audit log with it: Mine" in text_of(mei.get(VIEWS))
    mei.post(f"{VIEWS}/first", page=VIEWS, status=303, view=link.rpartition("/")[2])
    assert "opens first" in text_of(mei.get(VIEWS))
    assert 'href="/reports/audit-log/views/first?tz=UTC"' in mei.get(f"{REPORT}?tz=UTC"), "the menu leads there"
    assert opened(mei) == opened(mei, f"{VIEWS}/first?tz=UTC") == [ada]
    assert opened(mei, f"{REPORT}?tz=UTC") == [bob, ada], "a link shows everybody the same"
    assert opened(alex) == opened(alex, f"{VIEWS}/first") == [bob, ada]
    alex.post(f"{VIEWS}/first", page=VIEWS, status=404, view=link.rpartition("/")[2])
    mei.post(f"{VIEWS}/first", page=VIEWS, status=404, view="a\x00")
    assert opened(mei) == [ada]
    db.run("update audit.views set query = 'gone:field' where name is not null")
    assert opened(mei) == [bob, ada], "a view that is none any more locks nobody out"
    mei.post(f"{VIEWS}/first", page=VIEWS, status=303, view="")
    assert "opens first" not in text_of(mei.get(VIEWS))
