"""Filters: a plain-Python oracle says what each of them must show."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.rows import dict_row

from tests.conftest import Browser, Database, check_page
from tests.web.reading import REPORT, address, event_ids, imported, link, many, walk
from webapp.errors import FilterError
from webapp.filters import ACTIONS, LONGEST_VALUE, Filters
from webapp.scopes import CATEGORIES, EVERYTHING

Visitor = Callable[..., Browser]


def a_colourful_history(db: Database) -> None:
    """Events of every category, by several people, around midnights."""
    admin, app = db.connect("admin"), db.connect("app", autocommit=False)
    app.execute("select audit.set_actor('42', 'Ada')")
    app.execute("insert into contacts (id, first_name) values (7, 'Grace')")
    app.execute("insert into groups (id, name) values (7, 'Navy')")
    app.execute("insert into contact_groups values (7, 7)")
    app.execute("update contacts set last_name = 'Hopper'")
    app.execute("delete from contacts")
    app.commit()
    app.execute("truncate groups cascade")
    app.commit()
    admin.execute("select audit.allow_export('contact', 'app')")
    app.execute("select audit.record_export('contact', 3)")
    app.commit()
    moments = ["2026-03-28T23:00:00Z", "2026-03-28T22:59:59.999999Z", "2026-03-29T00:00:00Z", "2026-03-29T21:59:59Z"]
    moments += ["2026-03-29T22:00:00Z", "2026-03-29T23:59:59Z", "2026-03-30T00:00:00Z", "2026-10-25T22:30:00Z"]
    for number, at in enumerate(moments):
        kind = ["contact", "group", "user", "invoice"][number % 4]
        imported(db, {"occurred_at": at, "entity": kind, "record_id": "7", "actor_id": ["42", "p/1", None][number % 3]})
    imported(db, {"action": "view", "entity": "report"}, {"action": "erase"}, {"action": "denied", "actor_id": "42"})


def rows_of_the_report(db: Database) -> list[dict[str, Any]]:
    with db.superuser.cursor(row_factory=dict_row) as rows:
        return rows.execute("select * from audit.report").fetchall()


def matches(row: dict[str, Any], query: dict[str, str]) -> bool:
    """What the filters mean, said once more."""
    day = row["occurred_at"].astimezone(ZoneInfo(query.get("tz", "UTC"))).date()
    columns = {"category": "category", "action": "action", "actor": "actor_id", "login": "db_user"}
    columns |= {"entity": "entity", "record": "record_id"}
    return (
        day >= date.fromisoformat(query.get("from", "0001-01-01"))
        and day <= date.fromisoformat(query.get("to", "9999-12-31"))
        and all(row[column] == query[name] for name, column in columns.items() if name in query)
    )


CHOICES: dict[str, list[str]] = {
    "from": ["2026-03-28", "2026-03-29", "2026-03-30", "2026-10-26", "2027-01-01"],
    "to": ["2026-03-27", "2026-03-28", "2026-03-29", "2026-10-25", "2026-12-31"],
    "category": list(CATEGORIES),
    "action": list(ACTIONS),
    "actor": ["42", "p/1", "2", "nobody"],
    "login": ["app", "web", "postgres", "admin", "x"],
    "entity": ["contact", "group", "user", "invoice", "report"],
    "record": ["7", "2", "none"],
}


def test_every_filter_shows_what_plain_python_says(db: Database, visitor: Visitor) -> None:
    a_colourful_history(db)
    browser = visitor("auditor")
    dice = random.Random(7)
    queries = [{name: value} for name, values in CHOICES.items() for value in values]
    queries += [q | {"tz": "Europe/Berlin"} for q in queries if "from" in q or "to" in q]
    for first, second in itertools.combinations(CHOICES, 2):
        queries.append({name: dice.choice(CHOICES[name]) for name in (first, second)})
    for _ in range(25):
        names = dice.sample(list(CHOICES), dice.randint(2, 5))
        queries.append({n: dice.choice(CHOICES[n]) for n in names} | {"tz": dice.choice(["UTC", "Asia/Tokyo"])})
    seen: set[str] = set()
    for query in queries:
        if query.get("from", "") > query.get("to", "9"):
            continue
        rows = rows_of_the_report(db)  # each view adds itself
        expected = sorted((r for r in rows if matches(r, query)), key=lambda r: (r["occurred_at"], r["event_id"]))
        found = event_ids(browser.get(address(**query)))
        assert found == [row["event_id"] for row in reversed(expected)][:50], query
        seen |= set(query) if found else set()
    assert seen >= set(CHOICES), "a filter that never found anything proves nothing"


@pytest.mark.parametrize(
    ("zone", "day", "shown"),
    [
        ("UTC", "2026-03-29", [2, 3, 4, 5]),
        ("Europe/Berlin", "2026-03-29", [0, 2, 3]),  # the day on which the clocks go forward has 23 hours
        ("Europe/Berlin", "2026-03-28", [1]),
        ("Europe/Berlin", "2026-10-25", [7]),
    ],
)
def test_dates_are_days_of_the_chosen_zone(
    db: Database, visitor: Visitor, zone: str, day: str, shown: list[int]
) -> None:
    at = ["2026-03-28T23:00:00Z", "2026-03-28T22:59:59.999999Z", "2026-03-29T00:00:00Z", "2026-03-29T21:59:59Z"]
    at += ["2026-03-29T22:00:00Z", "2026-03-29T23:59:59Z", "2026-03-30T00:00:00Z", "2026-10-25T22:59:59.999Z"]
    ids = [imported(db, {"occurred_at": moment})[0] for moment in at]
    page = visitor("auditor").get(address(from_=day, to=day, tz=zone))
    assert sorted(event_ids(page)) == [ids[n] for n in shown]
    assert f"Times in {zone}" in page


def test_a_reader_who_chooses_utc_keeps_it_where_another_zone_is_usual(db: Database, visitor: Visitor) -> None:
    many(db, 60)
    browser = visitor("auditor")
    extensions = browser.client.application.extensions
    extensions["settings"] = replace(extensions["settings"], time_zone="Asia/Tokyo")
    assert "Times in Asia/Tokyo" in browser.get(REPORT)
    page = browser.get(address(tz="UTC"))
    older = link(page, "next")
    assert older
    assert "Times in UTC" in browser.get(older)
    details = page.partition('class="open"><a href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "JST" not in browser.get(details)
    for label, query in Filters.from_query({"tz": "UTC"}, "Asia/Tokyo").presets(datetime.now(UTC)):
        assert Filters.from_query(query, "Asia/Tokyo").zone == "UTC", label


@given(st.dictionaries(st.sampled_from([*CHOICES, "tz", "before"]), st.text(max_size=250)))
def test_any_address_is_understood_or_refused_by_name(query: dict[str, str]) -> None:
    try:
        found = Filters.from_query(query)
    except FilterError as error:
        refused = error.field
    else:
        found.conditions(EVERYTHING)
        assert Filters.from_query(found.to_query()) == found
        return
    assert refused in query


BAD = [
    ("from", "31.10.2026"),
    ("from", "0001-01-01"),
    ("from", "2026-02-30"),
    ("to", "soon"),
    ("to", "9999-12-31"),
    ("tz", "Mars/Olympus"),
    ("tz", "../../etc/passwd"),
    ("tz", "Factory"),
    ("tz", "localtime"),
    ("login", "x" * (LONGEST_VALUE + 1)),
    ("entity", "<b>" * (LONGEST_VALUE // 3 + 1)),
    ("record", '"' * (LONGEST_VALUE + 1)),
]


def test_a_bad_value_is_named_and_kept(visitor: Visitor) -> None:
    browser = visitor("auditor")
    for name, value in BAD:
        page = browser.get(address(**{name: value, "login" if name == "entity" else "entity": "kept-as-typed"}), 400)
        check_page(page, name)
        field = page.partition(f'id="f-{name}"')[2].partition(">")[0]
        assert f'aria-describedby="f-{name}-error"' in field, name
        assert 'value="kept-as-typed"' in page
        assert value.replace('"', "&#34;").replace("<", "&lt;").replace(">", "&gt;") in field, name
        assert page.count('role="alert"') == 1
        assert event_ids(page) == []
    for name, value in [("category", "everything"), ("action", "drop"), ("actor", "x" * (LONGEST_VALUE + 1))]:
        page = browser.get(address(**{name: value}), 400)
        assert f'aria-describedby="f-{name}-error"' in page.partition(f'id="f-{name}"')[2].partition(">")[0]
    assert "before the first" in browser.get(address(from_="2026-03-02", to="2026-03-01"), 400)


@pytest.mark.parametrize("text", ["' or 1=1 --", "'; drop table audit.events; --", "%(start)s %s %", "{conditions}"])
def test_sql_in_an_address_is_only_text(db: Database, visitor: Visitor, text: str) -> None:
    browser = visitor("auditor")
    for name in [*CHOICES, "tz", "before", "after", "unknown"]:
        response = browser.client.get(address(**{name: text}), follow_redirects=True)
        bad = name in ("from", "to", "category", "action", "tz", "before", "after", "unknown")
        assert response.status_code == (400 if bad else 200), name
        if name in ("actor", "login", "entity", "record"):
            assert event_ids(response.text) == []
    assert db.value("select count(*) from audit.events") > 0


def test_odd_characters_in_an_address_are_no_bug(visitor: Visitor) -> None:
    browser = visitor("auditor")
    for name in ["actor", "login", "entity", "record", "tz", "from", "before"]:
        for value in ("%00", "%ED%A0%80", "%FF", "%F0%9F%98%80", "%E2%80%AE", "%0A", "\\"):
            assert browser.client.get(f"{REPORT}?{name}={value}").status_code in (200, 400), (name, value)


def test_a_damaged_place_in_the_report_is_refused(db: Database, visitor: Visitor) -> None:
    many(db, 60)
    browser = visitor("auditor")
    older = link(browser.get(REPORT), "next")
    assert older
    place = dict(parse_qsl(urlsplit(older).query))["before"]
    forged = [place[:-1], place[1:], place.replace(".", "!"), place.upper(), "." + place, "W10.W10", "x", "é", "[1,2]"]
    for name in ("before", "after"):
        browser.get(address(**{name: place}))
        for text in forged:
            page = browser.get(address(**{name: text}), 400)
            check_page(page, text)
            assert "This link to a page is damaged" in page


def test_the_presets_are_stretches_of_the_zones_own_days(visitor: Visitor) -> None:
    now = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # already the second in Berlin
    assert dict(Filters.from_query({"tz": "Europe/Berlin", "actor": "42"}).presets(now)) == {
        label: {"from": first, "to": last, "actor": "42", "tz": "Europe/Berlin"}
        for label, first, last in [
            ("Today", "2026-03-02", "2026-03-02"),
            ("Yesterday", "2026-03-01", "2026-03-01"),
            ("Last 7 days", "2026-02-24", "2026-03-02"),
            ("Last 30 days", "2026-02-01", "2026-03-02"),
            ("This month", "2026-03-01", "2026-03-02"),
            ("Last month", "2026-02-01", "2026-02-28"),
            ("This year", "2026-01-01", "2026-03-02"),
        ]
    }


def test_today_and_yesterday_divide_the_events_between_them(db: Database, visitor: Visitor) -> None:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    edge = imported(db, {"occurred_at": (midnight - timedelta(microseconds=1)).isoformat(), "record_id": "edge"})
    edge += imported(db, {"occurred_at": midnight.isoformat(), "record_id": "edge"})
    browser = visitor("auditor")
    shown = {
        label: walk(browser, address(**query))
        for label, query in Filters.from_query({"record": "edge"}).presets(midnight)
    }
    assert shown["Today"] == [[edge[1]]]
    assert shown["Yesterday"] == [[edge[0]]]
