"""Every query of the pages runs with the rights of the web login, and none reads the whole log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any, LiteralString, cast

from psycopg import sql

from tests.conftest import Database
from tests.web.reading import flood
from webapp import activity, counting, narrowing, queries, searching
from webapp.db import Connection
from webapp.exports.columns import COLUMNS as COLUMNS_OF_FILES
from webapp.exports.columns import csv
from webapp.filter_fields import FIELDS
from webapp.filters import Filters, Term
from webapp.scopes import EVERYTHING, Scope

#: The whole report in a file, or a count that stops at a limit, may well be read in one go.
MAY_READ_ALL = {"export", "count", "actor_deletions", "actor_ways"}
#: What stands in others after FROM.
PARTS = {"found", "of_rights", "unfound", "counted_by_hour", "counted_by_person"}
#: These read files.
ARCHIVED = {"archived", "archived_page", "archived_event", "archived_export"}


def whole_queries() -> set[str]:
    """The names of the queries that are run as they are: not those that only stand in others."""
    texts = {
        file.name.removesuffix(".sql"): file.read_text()
        for file in resources.files(queries).iterdir()
        if file.name.endswith(".sql")
    }
    return texts.keys() - {part for text in texts.values() for part in re.findall(r"\{(\w+)\.sql\}", text)}


def plan_of(db: Database, name: str, scope: Scope) -> dict[str, Any]:
    """How PostgreSQL would answer the query in NAME.sql, asked by the web login."""
    asked = (
        {"entity": "contact", "record": "17"}
        if name.startswith("record_")
        else {"actor": "" if scope.categories and not name.startswith("actor_") else "p3"}
    )
    filters = Filters.from_query(asked)
    text = queries.load(name).as_string(None)
    if "{counted}" in text:
        filters = activity.bounded(Filters((Term("action", "insert"),)), datetime.now(UTC))
    conditions, parameters = filters.conditions(scope)
    if "copy (" in text:
        text = text.partition("copy (")[2].partition(") to stdout")[0]
    narrowed = "{conditions}" in text
    columns: dict[str, LiteralString] = {
        "kinds": "audit.category_of('update', t.entity)",
        "inventory_captured": "audit.category_of('update', t.entity)",
        "status": "audit.category_of('update', s.entity)",
        "names": "audit.category_of('update', w.entity)",
        "exports": "b.category",
    }
    limited = narrowed or "{scope}" in text
    limit = scope.condition(columns.get(name, "r.category"))
    query = sql.SQL(cast(LiteralString, f"explain (format json) {text}"))
    parameters |= {
        "limit": 51,
        "event_id": 17,
        "xact_id": "9",
        "actor_id": "p3",
        "db_user": "app",
        "login": "mei@example.org",
        "user_id": "2",
    }
    parameters |= {
        "owner": "2",
        "view_id": "0" * 32,
        "own": True,
        "zone": "UTC",
        "unit": "week",
        "newest": 100,
        "many": 10,
        "rights": ["role"],
    }
    parameters |= {"token_hash": b"", "idle": timedelta(1), "longest": timedelta(1)}
    parameters |= {"entities": ["contact", "contact"], "record_ids": ["17", "18"]}
    used = {
        key: value
        for key, value in parameters.items()
        if f"%({key})s" in text or (narrowed and (key[-2:] in ("_0", "_1") or key in ("start", "end")))
    }
    web = db.connect("web")
    parts = {"direction": sql.SQL("desc"), "scope": limit, "place": sql.SQL("true"), "columns": csv(COLUMNS_OF_FILES)}
    parts |= {"proofs": sql.SQL("")}
    parts |= {"found": narrowing.found(web, scope), "conditions": conditions, "low": narrowing.low(web)}
    if "{counted}" in text:
        parts |= counting.counted(web, filters, scope, by_person=name == "activity_people")[0]
    found = web.execute(query.format(**parts) if limited else query, used).fetchone()
    assert found
    return found[0][0]["Plan"]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def test_every_query_is_found_by_index_however_long_the_log(db: Database, people: object) -> None:
    flood(db, 20_000, months=2)
    searching.extend(db.superuser)
    db.run("vacuum analyze audit.search")
    partitions = db.run("select inhrelid::regclass::text from pg_inherits where inhparent = 'audit.log'::regclass")
    full = {p.removeprefix("audit.") for (p,) in partitions if db.value(f"select exists (select from {p})")} | {
        "search"
    }
    names = whole_queries()
    assert {"page", "event", "actors", "names", "export", "count"} <= names
    for name in sorted(names - PARTS - ARCHIVED):
        for scope in (EVERYTHING, Scope.of(["contacts", "settings"])):
            plan = nodes(plan_of(db, name, scope))
            scanned = [n for n in plan if n["Node Type"] == "Seq Scan" and n["Relation Name"] in full]
            assert scanned == [] or name in MAY_READ_ALL, (name, scope, scanned)


#: Of every field, what many events have and what hardly any has.
ASKED: dict[str, list[str]] = {
    "category": ["contacts", "exports"],
    "action": ["insert", "erase"],
    "actor": ["p3", "none"],
    "login": ["app", "none"],
    "application": ["none"],
    "entity": ["contact", "none"],
    "record": ["17", "none"],
    "field": ["email"],
    "address": ["192.0.2.7", "10.0.0.0/8"],
    "request": ["none"],
    "transaction": ["9"],
    "weekday": ["friday"],
    "hour": ["17"],
    "source": ["imported", "captured"],
    "no": ["actor", "application", "address", "record"],
    "words": ["contact", "unheard"],
}
#: Told while events are read in their order until there is a page: a week of them at most.
ON_THE_WAY = {"weekday", "hour"}
A_WEEK = 20_000 // 12
#: Events that audit.search does not hold yet.
BEHIND = 300


def read_for_a_page(web: Connection, asked: Filters, cursor: dict[str, Any]) -> float:
    """How many entries of audit.search, of the log and of their indexes a page reads."""
    filled, parameters = narrowing.narrowed(web, asked, EVERYTHING)
    if cursor:
        before = "{} and (r.occurred_at, r.event_id) < (%(at)s, %(event_id)s)"
        filled["conditions"] = sql.SQL(cast(LiteralString, before)).format(filled["conditions"])
    page = queries.load("page").format(**filled, direction=sql.SQL("desc"))
    explained = sql.SQL("explain (analyze, timing off, format json) {}").format(page)
    row = web.execute(explained, parameters | cursor | {"limit": 51}).fetchone()
    assert row
    read: Counter[str] = Counter()
    for node in nodes(row[0][0]["Plan"]):
        relation = str(node.get("Relation Name", ""))
        if relation == "search" or relation.startswith("log_"):
            rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            read["search" if relation == "search" else "log"] += rows * node["Actual Loops"]
    return max(read.values(), default=0)


def test_a_page_reads_little_more_than_it_shows_whatever_is_asked_and_however_deep(db: Database) -> None:
    flood(db, 20_000, months=3)
    searching.extend(db.superuser)
    db.run("vacuum analyze audit.search, audit.log")
    deep = (
        "select occurred_at, event_id from audit.search order by occurred_at desc, event_id desc limit 1 offset 15000"
    )
    ((at, event_id),) = db.run(deep)
    web = db.connect("web")
    assert ASKED.keys() == FIELDS.keys()
    asked = [Filters(), *(Filters((Term(name, value),)) for name, values in ASKED.items() for value in values)]
    for behind in (0, BEHIND):
        if behind:
            flood(db, behind)
            # So few rows are read as a whole in no time, which no log of a year is.
            web.execute("set enable_hashjoin = off")
        for filters in asked:
            told_on_the_way = any(term.field in ON_THE_WAY for term in filters.terms)
            web.execute(sql.SQL("set enable_seqscan = {}").format(behind == 0 and not told_on_the_way))
            web.execute(sql.SQL("set enable_bitmapscan = {}").format(not told_on_the_way))
            for cursor in ({}, {"at": at, "event_id": event_id})[: 1 if behind else 2]:
                read = read_for_a_page(web, filters, cursor)
                assert read < 500 + A_WEEK * told_on_the_way + 8 * behind, (behind, filters.terms, cursor, read)


def test_no_query_of_events_leaves_the_limit_of_its_reader_out() -> None:
    for name in whole_queries() - PARTS - {"references"}:  # Names of columns are no events.
        text = queries.load(name).as_string(None)
        if re.search(r"audit\.(report|events|log|tracked|status)\b", text):
            assert re.search(r"\{(scope|conditions)\}", text), name
