"""Nothing that an application or another system's log holds stops the search, a page, a seal or an export."""

from __future__ import annotations

import json
import secrets
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Database
from tests.sql.support import refused, watch
from webapp.evidence.queries import load

#: What each reader of an event asks for.
READERS = (
    "select audit.extend_search()",
    "select before, after, context, changed_fields, record_label from audit.report where event_id > %s",
    "select * from audit.searchable where event_id > %s",
)
DEEP = 4_000  # levels that PostgreSQL takes from an application, and Python does not read
BOMB = "[" + ",".join(["1e131071"] * 50_000) + "]"  # half a megabyte, and six gigabytes as jsonb writes it


def words(many: int, length: int = 20) -> str:
    """Words that no index can press."""
    return " ".join(secrets.token_hex(length // 2) for _ in range(many))


def read_as_the_web(db: Database, mark: int) -> list[tuple[Any, ...]]:
    """What the events since then look like in the report, once every reader has read them."""
    web = db.connect("web")
    for reader in READERS:
        web.execute(reader.encode(), (mark,) if "%s" in reader else None)
    assert db.value("select count(*) from audit.search where event_id > %s", mark) == db.value(
        "select count(*) from audit.events where event_id > %s", mark
    )
    return web.execute("select after, context from audit.report where event_id > %s order by 1", (mark,)).fetchall()


def now(db: Database) -> int:
    return db.value("select max(event_id) from audit.log")


def test_no_claim_of_an_application_stops_the_search_or_a_page(db: Database) -> None:
    app, mark = db.connect(), now(db)
    claims = {
        "a long address": ("context", json.dumps({"ip": secrets.token_hex(10_000)})),
        "many words": ("actor_name", words(60_000)),
        "many words of four bytes": ("context", " ".join(chr(0x20000 + i) * 2 for i in range(40_000))),
        "deep": ("context", '{"a":' * 5_000 + "1" + "}" * 5_000),
        "endless digits": ("context", json.dumps({"a": "1e5 is no number here"})[:-1] + f', "b": {BOMB[:60_000]}1]}}'),
    }
    for name, value in claims.values():
        with app.transaction():
            app.execute("select set_config(%s, %s, true)", (f"audit.{name}", value))
            app.execute("insert into contacts (first_name, notes) values ('Ada', %s)", (words(3_500),))
    shown = read_as_the_web(db, mark)
    assert len(shown) == len(claims)
    assert [next(iter(c)) for _, c in shown if c] == ["ip", "$malformed", "$malformed", "$malformed"]


def test_whoever_reads_events_reads_a_context_that_can_be_shown(shared: Database) -> None:
    for login in ("web", "reader", "admin", "sealer"):
        (read,) = shared.connect(login).execute("select audit.context_of('{\"a\": 1}')").fetchone() or (None,)
        assert read == {"a": 1}, login


def test_no_value_of_a_table_stops_the_search_or_a_page(db: Database) -> None:
    db.run("create type leaf as (doc json, name text)")
    db.run("create table docs (id int primary key, doc json, leaf leaf, docs json[], deep jsonb, text text)")
    db.run("grant all on docs to app")
    db.run("select audit.track('docs')")
    app, mark = db.connect(), now(db)
    deep = "[" * DEEP + "]" * DEEP
    app.execute("insert into docs (id, doc) values (1, %s)", (BOMB,))
    app.execute("insert into docs (id, leaf) values (2, row(%s::json, '3e123'))", (BOMB,))
    app.execute("insert into docs (id, docs) values (3, array[%s::json])", (BOMB,))
    app.execute("insert into docs (id, doc, deep) values (4, %s, %s)", (deep, deep))
    app.execute("insert into docs (id, doc, text) values (5, %s, '3e123')", ('{"sha": "3e123", "n": 1e30}',))
    shown = [row[0] for row in read_as_the_web(db, mark)]
    by_id = {row["id"]: row for row in shown}
    assert by_id[1]["doc"] == BOMB, "as the text that it is"
    assert BOMB[:40] in by_id[2]["leaf"]
    assert BOMB[:40] in by_id[3]["docs"]
    assert by_id[4]["doc"] == by_id[4]["deep"] == deep
    assert by_id[5]["doc"] == {"sha": "3e123", "n": 10**30}, "what is as long as it was written stays what it is"


def test_no_claim_is_too_large_to_be_sealed(db: Database) -> None:
    app = db.connect()
    with app.transaction():
        for name in ("actor_name", "request_id", "context"):
            # As JSON, each of these characters is six.
            app.execute("select set_config(%s, repeat(chr(1), 3000000), true)", (f"audit.{name}",))
        app.execute("insert into contacts (first_name) select 'Ada' from generate_series(1, 3)")
    sealed = db.superuser.execute(b"select max(octet_length(details)) from (" + load("sealable").as_bytes() + b") s")
    (largest,) = sealed.fetchone() or (0,)
    assert 65_536 * 6 < largest < 500_000


def test_an_export_cannot_hide_what_it_was_behind_what_it_says(db: Database) -> None:
    db.run("select audit.allow_export('contact', 'app')")
    new, app = watch(db), db.connect()
    with app.transaction():
        app.execute("select set_config('audit.context', %s, true)", (json.dumps({"a": "x" * 65_000}),))
        app.execute("select audit.request_export('contact', '{\"first_name\": \"Ada\"}', reason => 'cards')")
        app.execute("select audit.record_export('contact', 12)")
    asked, reported = (event["context"] for event in new())
    assert (asked["export"]["filter"], asked["export"]["reason"]) == ({"first_name": "Ada"}, "cards")
    assert reported["export"]["row_count"] == 12
    assert asked["$malformed"].startswith('{"a": "xxx')
    for call in ("request_export('contact', reason => repeat('x', 10000))", "record_export('contact', 1, %s)"):
        with refused(
            "54000",
            "the filter and the reason of an export are too large to be kept on record",
            hint="in several parts",
        ):
            app.execute(
                f"select audit.{call}".encode(), (Jsonb({"a": json.loads("[" * 200 + "]" * 200)}),) * call.count("%s")
            )
    assert len(new()) == 2


def test_no_record_of_another_system_stops_the_search_or_a_page(db: Database) -> None:
    admin, mark = db.connect("admin"), now(db)
    event = {"occurred_at": "2026-01-15T00:00:00Z", "entity": "thing", "action": "view"}
    row = {**event, "action": "insert", "schema_name": "x", "table_name": "y"}
    too_much = ({**event, "entity": "x" * 201}, {**event, "application": "x" * 201}, {**row, "after": {"$row": "(1)"}})
    for bad in (json.dumps([one]) for one in too_much):
        with refused("54000", "audit.import_events: an event cannot be shown", hint="at most 200 characters"):
            admin.execute("select audit.import_events(%s::jsonb)", (bad,))
    with refused("54000", "an event cannot be shown", hint="nested less than 99 deep"):
        deep = json.dumps([{**row, "after": {"a": "deep"}}]).replace('"deep"', "[" * DEEP + "]" * DEEP)
        admin.execute("select audit.import_events(%s::jsonb)", (deep,))
    long = {key: words(40_000) for key in ("record_id", "record_label", "actor_id", "actor_name", "request_id")}
    admin.execute("select audit.import_events(%s)", (Jsonb([{**event, **long, "context": {"ip": words(500)}}]),))
    read_as_the_web(db, mark)


@pytest.mark.parametrize("at_most", ["0", "-1", "null"])
def test_nothing_passes_the_search_by_asking_for_none(shared: Database, at_most: str) -> None:
    web = shared.connect("web")
    with refused("22023", f"audit.extend_search: at_most is {at_most}, not 1 or more", hint="Leave it out"):
        web.execute(f"select audit.extend_search({at_most})".encode())


def test_the_longest_key_of_the_longest_kind_fits_into_the_search(db: Database) -> None:
    db.run("create table keys (id text primary key)")
    db.run(f"select audit.track('keys', entity => '{'e' * 63}')")
    for length in (1700, 1701):
        db.run("insert into keys values (%s)", secrets.token_hex(length)[:length])
    other = {"occurred_at": "2026-01-15T00:00:00Z", "action": "delete", "schema_name": "x", "table_name": "y"}
    longest = {"entity": "".join(map(chr, range(0x10400, 0x10400 + 200))), "record_id": secrets.token_hex(850)}
    db.connect("admin").execute("select audit.import_events(%s)", (Jsonb([{**other, **longest, "before": {"a": 1}}]),))
    db.connect("web").execute("select audit.extend_search()")
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        db.run("create index on audit.search (record_id, record_id)")  # it was near the limit
