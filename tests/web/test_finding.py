"""Looking for something: the line, the chips, the tabs, and what no address may hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.conftest import Browser, Database, check_page
from tests.web.reading import REPORT, address, event_ids, imported, link, looked, many, text_of

Visitor = Callable[..., Browser]
FIND = f"{REPORT}/find"


def search(browser: Browser, query: str, **more: str) -> str:
    """Where the line leads to."""
    return browser.post(FIND, page=REPORT, status=303, q=query, **more).location


def query_of(location: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(location).query))


def line_of(page: str) -> str:
    found = re.search(r'id="q" name="q" value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def chips(page: str) -> list[str]:
    return [text_of(f"<body>{chip}").removeprefix("Remove ").removesuffix(" ×") for chip in re.findall(r'<(?:a|button) class="chip".*?</(?:a|button)>', page)]  # fmt: skip


@pytest.fixture
def events(db: Database) -> dict[str, int]:
    """One event for each thing to look for."""
    people = {"actor_id": "17", "actor_name": "Ada Byron"}
    told: dict[str, dict[str, Any]] = {
        "mail": {"after": {"email": "ada@example.org", "street": "12 Main Street"}, **people},
        "street": {"after": {"street": "Main entrance, Street 12"}, "application": "importer"},
        "moved": {
            "action": "update",
            "before": {"street": "a"},
            "after": {"street": "b"},
            "changed_fields": ["street"],
        },
        "asked": {"request_id": "req-81", "client_addr": "192.0.2.7", "entity": "group"},
        "nobody": {"record_id": "ada@example.org", "context": {"ip": "192.0.2.9"}},
    }
    row = {"schema_name": "public", "table_name": "contacts", "record_id": "7"}
    return dict(zip(told, imported(db, *(row | event for event in told.values())), strict=True))


def test_each_field_of_the_line_finds_what_it_says(db: Database, visitor: Visitor, events: dict[str, int]) -> None:
    xact = db.value("select xact_id::text from audit.events where event_id = %s", events["mail"])
    browser = visitor("auditor")
    every = set(events)
    expected = {
        "actor:17": {"mail"},
        "actor:17 actor:18": {"mail"},
        "-actor:17 source:imported": every - {"mail"},
        "no:actor source:imported": every - {"mail"},
        "application:importer": {"street"},
        "field:street": {"moved"},
        "address:192.0.2.7": {"asked"},
        "address:192.0.2.0/24": {"asked"},
        "address:192.0.2.9": {"nobody"},
        "request:req-81": {"asked"},
        f"transaction:{xact}": every,
        f"-transaction:{xact} source:imported": set(),
        "source:imported -entity:group": every - {"asked"},
        '"main street"': {"mail"},
        "main street": {"mail", "street"},
        "source:imported -main": every - {"mail", "street"},
        "record:ada@example.org": {"nobody"},
        "ada@example.org": {"mail"},
        "byron": {"mail"},
        "created:2026-01-15 action:update": {"moved"},
        "created:<2026": set(),
    }
    for query, names in expected.items():
        location = search(browser, query)
        assert not re.search("ada(@|%40)|byron|main", location)
        found = set(event_ids(browser.get(location)))
        assert {name for name, number in events.items() if number in found} == names, query
        assert not names or found <= set(events.values()), query


def test_words_are_behind_an_id_and_names_behind_a_code_and_both_in_the_log(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    location = search(
        browser, 'category:contacts record:ada@example.org "main street" created:2026-01', tz="Asia/Tokyo"
    )
    query = query_of(location)
    assert re.fullmatch("[0-9a-f]{32}", query.pop("view"))
    assert re.fullmatch("~[A-Za-z0-9_-]{40,}", query.pop("record"))
    assert query == {"category": "contacts", "from": "2026-01-01", "to": "2026-01-31", "tz": "Asia/Tokyo"}
    page = browser.get(location)
    assert line_of(page) == 'category:contacts record:ada@example.org "main street" created:2026-01-01..2026-01-31'
    for found in re.findall(r'(?:href|action|src)="([^"]+)"', page):
        assert "ada" not in found
        assert "street" not in found
    assert db.last()["context"]["view"]["filter"] == {
        "from": "2026-01-01", "to": "2026-01-31", "category": "contacts", "record": "ada@example.org",
        "words": "main street", "tz": "Asia/Tokyo",
    }  # fmt: skip
    assert "only" in text_of(visitor("admin").get(address(category="access")))


def test_a_mail_address_typed_into_an_address_is_taken_out_of_it(visitor: Visitor) -> None:
    browser = visitor("auditor")
    moved = browser.client.get(address(actor="mei@example.org", category="users"))
    assert moved.status_code == 302
    assert "mei" not in moved.location
    assert chips(browser.get(moved.location)) == ["Category Users and permissions", "Who mei@example.org"]
    again = browser.client.get(f"{moved.location}&record=x@example.org")
    assert chips(browser.get(again.location)) == [
        "Category Users and permissions", "Who mei@example.org", "Record number x@example.org",
    ]  # fmt: skip


def test_a_colleague_can_open_a_search_and_sees_what_they_may_see(
    db: Database, visitor: Visitor, events: dict[str, int]
) -> None:
    location = search(visitor("auditor"), "byron")
    assert event_ids(visitor("admin").get(location)) == [events["mail"]]
    db.run("update users set categories = '{groups}' where id = 1")
    assert event_ids(visitor("admin").get(location)) == []
    assert visitor().client.get(location).location.startswith("/login"), "nobody else"
    visitor("plain").get(location, status=403)


def test_a_search_that_has_expired_or_never_was_is_said_to(db: Database, visitor: Visitor) -> None:
    browser = visitor("auditor")
    location = search(browser, "ada")
    db.run("update audit.views set expires_at = clock_timestamp() - interval '1 second'")
    for path in (location, address(view="0" * 32), address(view="x"), address(view="%00")):
        page = browser.get(path, status=410)
        assert "This link has expired" in page
        assert "Search again" in page


def test_a_mistake_is_marked_kept_and_nothing_is_shown(visitor: Visitor) -> None:
    browser = visitor("auditor")
    answer = browser.post(FIND, page=REPORT, status=400, q="actor:17 actoin:<b> ada", tz="Asia/Tokyo")
    check_page(answer.text, FIND)
    assert line_of(answer.text) == "actor:17 actoin:<b> ada"
    assert "actor:17 <mark>actoin:&lt;b&gt;</mark> ada" in answer.text
    assert 'aria-invalid="true" aria-describedby="q-error"' in answer.text
    assert "did you mean “action”?" in text_of(answer.text)
    assert answer.text.count('role="alert"') == 1
    assert event_ids(answer.text) == []
    assert "Views" in text_of(answer.text)
    form = browser.post(FIND, page=REPORT, status=400, address="nowhere", words="kept as typed")
    assert 'id="f-address-error"' in form.text
    assert 'value="kept as typed"' in form.text


def test_chips_say_what_is_filtered_and_each_leaves_one_out(visitor: Visitor) -> None:
    browser = visitor("auditor")
    page = browser.get(search(browser, 'actor:2 action:delete -action:view no:record "a b" created:last-month'))
    names = ["What was done Deleted or removed", "What was done not Viewed", "Who Mei Tanaka (2)", "Without No record"]
    assert chips(page) == ["When Last month", *names, "Words a b"]
    for found in re.findall(r'<a class="chip" href="([^"]+)"', page):
        assert len(chips(browser.get(unescape(found)))) == 5
    both = browser.get(search(browser, "ada byron"))
    assert chips(both) == ["Words ada", "Words byron"]
    (first, _) = re.findall(r'<button class="chip" form="find-again" name="q" value="([^"]+)"', both)
    assert chips(browser.get(search(browser, unescape(first)))) == ["Words byron"]


def test_the_form_keeps_what_it_has_no_room_for(visitor: Visitor) -> None:
    browser = visitor("auditor")
    query = "action:delete action:truncate -entity:group actor:2 created:last-month"
    page = browser.get(search(browser, query))
    form = page.partition('<form class="filters')[2].partition("</form>")[0]
    fields = re.findall(r'<input[^>]* name="([^"]+)"[^>]*value="([^"]*)"', form)
    for select in re.findall(r"<select.*?</select>", form, re.DOTALL):
        chosen = re.search(r'name="(\w+)".*value="([^"]*)" selected', select, re.DOTALL)
        fields += [(chosen[1], chosen[2])] if chosen else []
    sent: dict[str, list[str]] = {}
    for name, value in fields:
        if name != "csrf_token":
            sent.setdefault(name, []).append(value)
    answer = browser.post(FIND, page=REPORT, status=303, **sent)  # pyright: ignore[reportArgumentType]
    assert sorted(line_of(browser.get(answer.location)).split()) == sorted(line_of(page).split())


def test_tabs_change_the_question_and_keep_the_rest(visitor: Visitor) -> None:
    browser = visitor("auditor")
    page = browser.get(address(actor="2", from_="2026-01-01"))
    tabs = dict(re.findall(r'<a href="([^"]+)"(?: aria-current="page")?>([^<]+)</a>', page.partition('class="tabs"')[2].partition("</nav>")[0]))  # fmt: skip
    assert list(tabs.values()) == ["Everything", "Contact changes", "Contact creation and exports", "Groups",
                                   "Users and permissions", "Access to this log"]  # fmt: skip
    for target, label in tabs.items():
        shown = browser.get(unescape(target))
        assert f'aria-current="page">{label}</a>' in shown
        assert chips(shown)[0] == "When from 2026-01-01"
        assert "Who Mei Tanaka (2)" in chips(shown)
    assert 'aria-current="page">Everything' not in browser.get(address(category="settings"))


def test_a_limited_reader_is_offered_nothing_out_of_reach(db: Database, visitor: Visitor) -> None:
    db.run("update users set categories = '{groups}' where id = 2")
    page = visitor("auditor").get(REPORT)
    for hidden in (
        "Contact changes",
        "Users and permissions",
        "Access to this log",
        "Deleted contacts",
        "administrator",
    ):
        assert hidden not in text_of(page), hidden
    assert ">Groups</a>" in page
    assert "Changes by nobody named" in page


def test_a_jump_lands_on_a_day_and_leaves_the_rest_of_the_list(db: Database, visitor: Visitor) -> None:
    ids = imported(db, *({"occurred_at": f"2026-0{month}-10T23:30:00Z"} for month in (1, 2, 3)))
    browser = visitor("auditor")
    page = browser.get(address(category="contacts", at="2026-02-10"))
    assert event_ids(page) == ids[1::-1]
    assert "from 2026-02-10 back" in text_of(page)
    assert "1 event is newer than that day. Show the newest" in text_of(page)
    newest = unescape(re.findall(r'newer than that day.*?href="([^"]+)"', page, re.DOTALL)[0])
    assert event_ids(browser.get(newest))[0] == ids[2]
    newer = link(page, "prev")
    assert newer
    assert event_ids(browser.get(newer)) == [ids[2]]
    assert event_ids(browser.get(address(category="contacts", at="2026-02-10", tz="Asia/Tokyo"))) == [ids[0]]
    assert 'id="f-at-error"' in browser.get(address(at="soon"), 400)
    page = browser.get(address(category="contacts", at="2026-05-01"))
    assert event_ids(page)[0] == ids[2]
    assert link(page, "prev") is None, "nothing is newer"
    page = browser.get(address(category="contacts", at="2025-01-01"))
    assert "Nothing is as old as 2025-01-01" in text_of(page)
    first = unescape(re.findall(r'href="([^"]+)">Show what came first', page)[0])
    assert event_ids(browser.get(first)) == ids[::-1]


def test_newer_events_are_told_of_and_move_nothing(db: Database, visitor: Visitor) -> None:
    many(db, 60)
    browser = looked(visitor("auditor"), address(category="contacts"))
    older = link(browser.get(address(category="contacts")), "next")
    everything = link(browser.get(REPORT), "next")
    assert older
    assert everything
    before = browser.get(older)
    assert "newer event" not in before
    assert "newer event" not in browser.get(everything), "looking is nothing new to whoever looks"
    imported(db, {"occurred_at": "2026-03-01T12:00:00Z"}, {"entity": "group", "occurred_at": "2026-03-01T12:00:00Z"})
    after = browser.get(older)
    assert event_ids(after) == event_ids(before)
    assert "1 newer event has arrived" in text_of(after)
    newest = unescape(re.findall(r'arrived since you began.*?href="([^"]+)"', after)[0])
    assert len(event_ids(browser.get(newest))) == 50
    many(db, 120, "timestamptz '2026-04-01Z' + n * interval '1 minute'")
    assert "More than 100 newer events have arrived" in text_of(browser.get(older))
    db.run("update users set categories = '{groups}' where id = 2")
    assert "newer event" not in browser.get(older.replace("category=contacts", "category=users"))


def test_what_an_event_says_narrows_the_list_where_it_stands(db: Database, visitor: Visitor) -> None:
    row = {"schema_name": "public", "table_name": "contacts", "record_id": "7", "request_id": "ada@example.org"}
    change = {"action": "update", "changed_fields": ["street"], "before": {"street": "a"}, "after": {"street": "b"}}
    from_where = {"client_addr": "192.0.2.7", "application": "crm web", "context": {"ip": "192.0.2.9"}}
    (number,) = imported(db, row | change | from_where)
    browser = visitor("auditor")
    pages = {
        address(category="contacts"): {"field=street", "source=imported"},
        f"{REPORT}/events/{number}?category=contacts": {
            "field=street", "application=crm+web", "address=192.0.2.7", "address=192.0.2.9", "action=update",
            f"transaction={db.value('select xact_id::text from audit.events where event_id = %s', number)}",
        },
        f"{REPORT}/records/contact/7": {"field=street", "source=imported"},
    }  # fmt: skip
    for path, expected in pages.items():
        page = browser.get(path)
        links = [unescape(found) for found in re.findall(r'class="narrow-to" href="([^"]+)"', page)]
        for wanted in expected:
            (to_it,) = {found for found in links if wanted in found.replace("%20", "+")}
            assert number in event_ids(browser.get(to_it)), (path, wanted)
            assert "/records/" not in path or "record=7" in to_it, "on the page of a record, within it"
            assert "?" not in path or "category=contacts" in to_it, "beside the filters that were there"
    (by_request,) = re.findall(
        r'href="([^"]+request=[^"]+)"[^>]*>ada@example.org', browser.get(f"{REPORT}/events/{number}")
    )
    assert chips(browser.get(unescape(by_request))) == ["Request ada@example.org"]
    db.connect("app", application_name="psql").execute("insert into contacts (first_name) values ('Grace')")
    page = browser.get(address(category="contacts"))
    for wanted in ("no=actor", "application=psql"):
        assert f'class="narrow-to" href="{REPORT}?category=contacts&amp;{wanted}&amp;tz=UTC"' in page
