"""Charts: how much happened, when, and by whom; their bars lead to the events."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from psycopg.sql import SQL

import webapp
from tests.conftest import Browser, Database
from tests.web.reading import REPORT, event_ids, imported, text_of
from webapp import activity, charts, narrowing, searching
from webapp.filters import Filters
from webapp.scopes import EVERYTHING, Scope

Visitor = Callable[..., Browser]
ACTIVITY = f"{REPORT}/activity"
OCTOBER = f"{ACTIVITY}?from=2026-10-01&to=2026-10-31"


def some_october(db: Database) -> list[int]:
    """A Friday evening, a Saturday right after midnight in Tokyo, and a deletion on a Monday."""
    return imported(
        db,
        {"occurred_at": "2026-10-02T15:30:00Z", "actor_id": "7", "actor_name": "Ada"},
        {"occurred_at": "2026-10-02T15:40:00Z", "actor_id": "7", "actor_name": "Ada"},
        {"occurred_at": "2026-10-12T09:00:00Z", "actor_id": "8", "action": "export", "entity": "contact"},
    )


def bars(html: str) -> list[str]:
    """What each bar says when it is pointed at."""
    return [" ".join(found.split()) for found in re.findall(r"<title>([^<]*:[^<]*)</title>", html)]


def test_bars_say_what_they_stand_for_and_lead_to_just_those_events(db: Database, visitor: Visitor) -> None:
    evening, later, export = some_october(db)
    browser = visitor("auditor")
    html = browser.get(OCTOBER)
    assert "1 to 31 Oct 2026: 3 events. Days and hours in UTC." in text_of(html)
    assert bars(html) == [
        "2 Oct 2026: 2 events Contacts: 2",
        "12 Oct 2026: 1 event Exports: 1",
        "Monday, 9 to 10 h: 1 event",
        "Friday, 15 to 16 h: 2 events",
    ]
    led = [event_ids(browser.get(unescape(found))) for found in re.findall(r'<a href="([^"]+)" tabindex="-1">', html)]
    assert led == [[later, evening], [export], [export], [later, evening]]
    tables = [unescape(found) for found in re.findall(r'<td><a href="([^"]+)">\d+</a>', html)]
    assert {tuple(event_ids(browser.get(found))) for found in tables} == {(later, evening), (export,)}


def test_days_and_hours_are_those_of_the_readers_zone(db: Database, visitor: Visitor) -> None:
    some_october(db)
    assert bars(visitor("auditor").get(f"{OCTOBER}&tz=Asia/Tokyo")) == [
        "3 Oct 2026: 2 events Contacts: 2",
        "12 Oct 2026: 1 event Exports: 1",
        "Monday, 18 to 19 h: 1 event",
        "Saturday, 0 to 1 h: 2 events",
    ]


def test_the_most_active_are_people_and_logins_each_with_their_events(db: Database, visitor: Visitor) -> None:
    some_october(db)
    db.connect("app").execute("insert into contacts (first_name) values ('Ada')")
    browser = visitor("auditor")
    html = browser.get(f"{ACTIVITY}?from=2026-10-01")
    links = {name: unescape(href) for href, name in re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)', html)}
    assert event_ids(browser.get(links["app"])) == [db.events("db_user = 'app'")[-1]["event_id"]]
    assert len(event_ids(browser.get(links["Ada"]))) == 2
    assert "app login, no person named" in text_of(html)


def test_charts_keep_to_the_filters_and_to_what_the_reader_may_see(db: Database, visitor: Visitor) -> None:
    some_october(db)
    browser = visitor("auditor")
    html = browser.get(f"{OCTOBER}&actor=7")
    assert "2 events" in text_of(html)
    assert "Narrowed to Who 7" in text_of(html)
    assert "Nothing happened in these days" in browser.get(f"{OCTOBER}&actor=nobody")
    db.run("update users set categories = '{exports}' where id = 2")
    limited = browser.get(OCTOBER)
    assert "1 event. Days" in text_of(limited)
    assert "Ada" not in limited
    assert "Your account is limited to Exports." in text_of(limited)


@pytest.mark.parametrize(
    ("days", "unit", "number"),
    [
        (("2026-10-01", "2026-10-31"), "day", 31),
        (("2026-10-01", "2026-12-31"), "week", 14),
        (("2024-02-15", "2026-01-15"), "month", 24),
        ((None, None), "week", 13),
    ],
)
def test_there_are_never_too_many_bars(db: Database, days: tuple[str, str], unit: str, number: int) -> None:
    first, last = (date.fromisoformat(day) if day else None for day in days)
    filters = activity.bounded(Filters(start=first, end=last), datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert activity.unit(filters) == unit
    with db.connect("web") as connection:
        stretches = activity.over_time(connection, filters, activity.Scope())
    assert len(stretches) == number
    assert (stretches[0].first, stretches[-1].last) == (filters.start, filters.end)


def test_each_category_stands_out_from_its_card_by_day_and_by_night() -> None:
    """By 3:1 at least, as WCAG wants it of what is not text; patterns tell them from each other."""
    static = Path(webapp.__file__).parent / "static"
    css = (static / "style.css").read_text() + (static / "reading.css").read_text()
    colours = re.findall(r"--(card|contacts|groups|users|exports|access|settings|other|accent): (#[0-9a-f]{3,6});", css)
    by_name: dict[str, list[str]] = {}
    for name, colour in colours:
        by_name.setdefault(name, []).append(colour)
    assert len(by_name) == 9
    for name, (day, night) in by_name.items():
        if name != "card":
            assert contrast(day, by_name["card"][0]) >= 3, name
            assert contrast(night, by_name["card"][1]) >= 3, name


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_an_axis_ends_at_a_round_number() -> None:
    assert [charts.round_up(n) for n in (0, 1, 3, 5, 6, 11, 49, 51, 3148)] == [1, 1, 5, 5, 10, 20, 50, 100, 5000]


def test_what_is_counted_ahead_is_what_counting_every_event_gives(db: Database) -> None:
    chance = random.Random(4)
    people = [{}, {"actor_id": "7", "actor_name": "Ada"}, {"actor_id": "8", "actor_name": "Bo"}, {"actor_id": "9"}]
    kinds = [
        {},
        {"action": "sign_in", "entity": "user"},
        {"action": "export"},
        {"entity": "group", "table_name": "groups"},
    ]

    def import_some() -> None:
        moments = [datetime(2026, 9, 28, tzinfo=UTC) + chance.random() * timedelta(days=12) for _ in range(150)]
        imported(
            db, *({"occurred_at": at.isoformat()} | chance.choice(people) | chance.choice(kinds) for at in moments)
        )

    import_some()
    searching.extend(db.superuser)
    import_some()  # these are still to be looked for in the log
    asked = [{}, {"action": "insert"}, {"entity": "group"}, {"hour": "0"}, {"actor": "7"}, {"-actor": "7"}]
    zones = ("UTC", "Asia/Tokyo", "Asia/Kolkata")
    days = (("2026-09-29", "2026-10-05"), ("2026-10-01", "2026-10-01"))
    with db.connect("web") as connection:
        for narrowed, zone, (first, last), scope in product(asked, zones, days, (EVERYTHING, Scope.of(["groups"]))):
            filters = Filters.from_query(narrowed | {"from": first, "to": last, "tz": zone})
            conditions, parameters = filters.conditions(scope)
            query = "select r.occurred_at, r.category, r.action, r.actor_id from {} r where {}"
            events = connection.execute(
                SQL(query).format(narrowing.found(connection, scope), conditions), parameters
            ).fetchall()
            local = [(at.astimezone(ZoneInfo(zone)), *rest) for at, *rest in events]
            said = (narrowed, zone, first, scope)

            drawn = {
                (s.first, category): n
                for s in activity.over_time(connection, filters, scope)
                for category, n in s.events.items()
            }
            assert drawn == Counter((at.date(), category) for at, category, *_ in local), said
            week = activity.hours(connection, filters, scope)
            hours = {(day, hour): n for day in range(7) for hour in range(24) if (n := week[day][hour])}
            assert hours == Counter((at.weekday(), at.hour) for at, *_ in local), said
            found = {(k.category, k.action): k.events for k in activity.kinds(connection, filters, scope)}
            assert found == Counter((category, action) for _, category, action, _ in local), said
            busiest = {p.actor_id: (p.actor_name, p.events) for p in activity.people(connection, filters, scope)}
            names = {"7": "Ada", "8": "Bo", "9": None}
            named = Counter(actor for *_, actor in local if actor)
            assert busiest == {actor: (names[actor], n) for actor, n in named.items()}, said
