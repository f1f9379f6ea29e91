"""Tables that are not like the reference tables, and are captured all the same."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.sql.support import problems, unfollowed, watch

#: What the generated functions and the queries of the schema call their rows and variables.
TAKEN = (
    "removed present source image was is_now changed old new known before key captured previous became place stored r p c"
).split()
QUOTED = [f'"{name}"' for name in TAKEN]


def test_columns_may_be_called_as_the_queries_that_read_them_call_their_rows(db: Database) -> None:
    db.run(f"create table leads (id integer primary key, {', '.join(f'{name} text' for name in QUOTED)})")
    db.run("select audit.track('leads', 'lead')")
    new = watch(db)
    db.run(f"insert into leads values (1, {', '.join(['%s'] * len(TAKEN))})", *TAKEN)
    db.run(f"update leads set {', '.join(f'{name} = upper({name})' for name in QUOTED)}")
    updated = new()[-1]
    assert updated["changed_fields"] == sorted(TAKEN)
    db.run(db.value("select audit.restore_sql(%s)", updated["event_id"]))
    row = (1, *TAKEN)
    assert db.run("select * from leads") == [row]
    assert db.run("select * from audit.as_of(null::leads, clock_timestamp())") == [row]
    assert db.value("select audit.record_baseline('leads')") == 1
    ticket = db.value("""select audit.request_export('lead', '{"source": "source"}')""")
    assert db.run("select * from audit.export_rows(%s, null::leads)", ticket) == [row]
    db.run("truncate leads")
    assert new()[-1]["before"] == {"id": 1} | {name: name for name in TAKEN}
    db.run(db.value("select audit.restore_sql(%s)", new()[-1]["event_id"]))
    assert db.run("select * from leads") == [row]


def test_a_truncate_of_a_parent_alone_records_none_of_its_childrens_rows(db: Database) -> None:
    db.run("create table parents (id integer primary key); create table children () inherits (parents)")
    db.run("insert into parents values (1); insert into children values (2)")
    db.run("select audit.track('parents', baseline => true)")
    assert [e["record_id"] for e in db.events("action = 'baseline'")] == ["1"]
    new = watch(db)
    db.run("truncate only parents")
    assert [e["record_id"] for e in new()] == ["1"]
    assert db.value("select count(*) from children") == 1


def test_a_truncate_of_a_parent_records_each_row_once_when_the_child_is_tracked_too(db: Database) -> None:
    db.run("create table parents (id integer primary key); create table children () inherits (parents)")
    db.run("select audit.track('parents'); select audit.track('children')")
    db.run("insert into parents values (1); insert into children values (2)")
    new = watch(db)
    db.run("truncate parents")
    assert sorted((e["table_name"], e["before"]["id"]) for e in new()) == [("children", 2), ("parents", 1)]


def test_a_generated_column_is_captured_and_left_out_of_what_undoes_a_delete(db: Database) -> None:
    db.run("create table sums (id integer primary key, a integer, twice integer generated always as (a * 2) stored)")
    db.run("select audit.track('sums')")
    db.run("insert into sums values (1, 2)")
    assert db.last()["after"] == {"id": 1, "a": 2, "twice": 4}
    db.run("delete from sums")
    db.run(db.value("select audit.restore_sql(%s)", db.last()["event_id"]))
    assert db.run("select * from sums") == [(1, 2, 4)]


def test_a_table_with_row_security_is_recorded_whole_by_truncate_whoever_truncates(db: Database) -> None:
    db.run("create table notes (id integer primary key, owner text)")
    db.run("grant select, insert, truncate on notes to app")
    db.run("alter table notes enable row level security; alter table notes force row level security")
    db.run("create policy own on notes using (owner = current_user)")
    db.run("select audit.track('notes')")
    db.run("insert into notes values (1, 'app'), (2, 'somebody else')")
    app = db.connect()
    assert app.execute("select count(*) from notes").fetchone() == (1,)
    new = watch(db)
    app.execute("truncate notes")
    assert [e["record_id"] for e in new()] == ["1", "2"]


def test_a_long_name_in_letters_of_several_bytes_has_two_functions_of_its_own(db: Database) -> None:
    name = "表" * 21  # 63 bytes
    db.run(f"create table {name} (id integer primary key)")
    db.run(f"select audit.track('{name}', 'sheet')")
    db.run(f"insert into {name} values (1); update {name} set id = 2; truncate {name}")
    assert [(e["action"], e["table_name"]) for e in db.events()] == [
        (a, name) for a in ("insert", "update", "truncate")
    ]
    assert problems(db) == []


COUNTERFEITS = {
    "never": 'create or replace trigger "!audit_capture" after insert or update or delete on contacts '
    "for each row when (false) execute function audit.{row}()",
    "only inserts": 'create or replace trigger "!audit_capture" after insert on contacts '
    "for each row execute function audit.{row}()",
    "only one column": 'create or replace trigger "!audit_capture" after insert or update of phone or delete on contacts '
    "for each row execute function audit.{row}()",
    "another function": 'create or replace trigger "!audit_capture" after insert or update or delete on contacts '
    "for each row execute function suppress_redundant_updates_trigger()",
    "another table's function": 'create or replace trigger "!audit_capture" after insert or update or delete on contacts '
    "for each row execute function audit.{other}()",
    "before": 'create or replace trigger "!audit_capture" before insert or update or delete on contacts '
    "for each row execute function audit.{row}()",
}


@pytest.mark.parametrize("counterfeit", COUNTERFEITS.values(), ids=COUNTERFEITS)
def test_status_is_not_taken_in_by_another_trigger_of_the_same_name(passing: Database, counterfeit: str) -> None:
    db = passing
    function = "select row_function from audit.tracked where table_name = %s"
    row, other = db.value(function, "contacts"), db.value(function, "groups")
    assert problems(db) == []
    db.run(counterfeit.format(row=row, other=other))
    db.run('alter table contacts enable always trigger "!audit_capture"')
    assert problems(db) == [
        "A capture trigger is missing, changes go unrecorded: run audit.track('public.contacts') again."
    ]
    db.run("select audit.track('contacts', 'contact', '{first_name,last_name}')")
    assert problems(db) == []


@pytest.fixture
def parted(db: Database) -> Database:
    """A partitioned table, with one partition older than its capture and one younger."""
    db.run("create table parted (id integer, v text, primary key (id)) partition by range (id)")
    db.run("create table low partition of parted for values from (0) to (10)")
    db.run("select audit.track('parted', 'part')")
    db.run("create table high partition of parted for values from (10) to (20)")
    return db


@pytest.mark.parametrize("leaf", [("low", 1), ("high", 11)], ids=str)
def test_a_partition_is_captured_in_replica_mode_too(parted: Database, leaf: tuple[str, int]) -> None:
    name, key = leaf
    parted.run("set session_replication_role = replica")
    new = watch(parted)
    parted.run(f"insert into {name} values ({key}, 'a'); update parted set v = 'b'; delete from {name}")
    assert [(e["action"], e["table_name"]) for e in new()] == [(a, "parted") for a in ("insert", "update", "delete")]


def test_a_row_that_moves_to_another_partition_is_one_update(parted: Database) -> None:
    parted.run("insert into parted values (1, 'a')")
    new = watch(parted)
    parted.run("update parted set id = 11")
    assert [(e["action"], e["record_id"], e["changed_fields"]) for e in new()] == [("update", "1", ["id"])]


def test_a_row_that_moves_to_another_partition_is_not_lost(parted: Database) -> None:
    parted.run("insert into parted values (1, 'a')")
    new = watch(parted)
    parted.run("update parted set id = 11")
    assert {e["table_name"] for e in new()} == {"parted"}
    assert parted.run("select * from audit.as_of(null::parted, clock_timestamp())") == [(11, "a")]


def test_status_sees_a_trigger_switched_off_on_a_partition(parted: Database) -> None:
    assert problems(parted) == []
    parted.run('alter table low disable trigger "!audit_capture"')
    assert problems(parted) == [
        "A capture trigger is switched off, changes go unrecorded: run audit.track('public.parted') again."
    ]
    parted.run("select audit.track('parted', 'part')")
    assert problems(parted) == []


def test_dropping_a_tracked_table_is_refused_or_recorded(db: Database) -> None:
    db.run("insert into contacts (id) values (1)")
    new = watch(db)
    db.run("drop table contacts cascade")
    assert new() != []


def test_a_renamed_table_that_is_tracked_again_leaves_no_problem_behind(db: Database) -> None:
    db.run("create table things (id integer primary key)")
    db.run("select audit.track('things')")
    db.run("alter table things rename to stuff")
    db.run("select audit.track('stuff')")
    assert problems(db) == []


def test_partitions_can_be_made_although_rows_fell_into_the_default_partition(db: Database) -> None:
    db.run(
        "insert into audit.log (occurred_at, shape_id, action) "
        "values (now() + interval '8 months', audit.find_subject('user'), 'v')"
    )
    db.run("select audit.ensure_partitions(9)")
    assert problems(db) == []


# -- what the laws found -------------------------------------------------------------------------


def test_a_partition_with_its_columns_in_another_order_is_recorded_as_its_root_has_them(db: Database) -> None:
    db.run("create table r (id integer primary key, a text, b text) partition by range (id)")
    db.run("create table attached (b text, gone integer, a text, id integer not null); alter table attached drop gone")
    db.run("alter table r attach partition attached for values from (0) to (10)")
    db.run("create table others partition of r default; select audit.track('r', 'row')")
    new = watch(db)
    db.run(
        "insert into r values (1, 'A', 'B'); update r set a = 'C'; update r set id = 11; update r set id = 1; delete from r"
    )
    rows = [{"id": 1, "a": "A", "b": "B"}, *({"id": n, "a": "C", "b": "B"} for n in (1, 11, 1))]
    assert [(e["before"], e["after"]) for e in new()] == list(zip([None, *rows], [*rows, None], strict=True))


@pytest.mark.parametrize("change", ["rename owner to holder", "drop owner"])
@pytest.mark.parametrize("followed", [True, False], ids=["followed", "unfollowed"])
def test_a_table_whose_parent_column_is_gone_stays_writable(db: Database, change: str, followed: bool) -> None:
    db.run("create table items (id integer primary key, owner integer, v text)")
    db.run("select audit.track('items', parent => 'owner')")
    db.run("insert into items values (1, 7, 'x')")
    if not followed:
        unfollowed(db)
    db.run(f"alter table items {change}")
    new = watch(db)
    db.run(
        "insert into items (id) values (2); update items set v = 'y'; delete from items; insert into items (id) values (3)"
    )
    db.run("truncate items")
    assert {(e["action"], e["record_id"]) for e in new()} == {
        *((a, r) for a in ("update", "delete") for r in "12"),
        ("insert", "2"),
        ("insert", "3"),
        ("truncate", "3"),
    }


@pytest.mark.parametrize("followed", [True, False], ids=["followed", "unfollowed"])
def test_rows_are_told_apart_as_of_a_moment_before_their_key_was_renamed(db: Database, *, followed: bool) -> None:
    db.run(
        "create table k (id integer primary key deferrable, v text, pin text); select audit.track('k', mask => '{pin}')"
    )
    db.run("insert into k values (1, 'a'), (2, 'b'), (3, 'c')")
    if not followed:
        db.run("alter event trigger audit_follow_ddl disable")
    db.run("alter table k rename id to number")
    db.run("update k set v = 'd' where number = 2; delete from k where number = 3")
    assert sorted(db.run("select v from audit.as_of(null::k, clock_timestamp())")) == [("a",), ("d",)]


def test_rows_with_a_composite_type_that_has_changed_can_still_be_read(db: Database) -> None:
    db.run("create type pair as (a integer, b text); create table k (id integer primary key, p pair, ps pair[])")
    db.run("select audit.track('k')")
    db.run("insert into k values (1, row(1, 'x'), array[row(2, 'y')::pair])")
    db.run("alter event trigger audit_follow_ddl disable; alter type pair add attribute c integer")
    db.run("insert into k values (2, row(1, 'x', 3), null)")
    assert [e["after"] for e in db.events()] == [
        {"id": 1, "p": {"a": 1, "b": "x"}, "ps": [{"a": 2, "b": "y"}]},
        {"id": 2, "p": "(1,x,3)", "ps": None},
    ]
    same = "select count(*) from k join audit.as_of(null::k, clock_timestamp()) r on k.p is not distinct from r.p"
    assert db.value(same) == 2


@pytest.mark.parametrize("follows", [True, False], ids=["by an event trigger", "without one"])
def test_a_table_that_becomes_a_partition_is_still_captured_or_status_says_what_is_lost(
    db: Database, follows: bool
) -> None:
    if not follows:
        unfollowed(db)
    db.run("create table leaf (id int, region text, primary key (id, region)); select audit.track('leaf')")
    db.run('create table "who\'s" (id int, region text, primary key (id, region)) partition by list (region)')
    db.run("alter table \"who's\" attach partition leaf for values in ('eu')")
    db.run("insert into \"who's\" values (1, 'eu')")
    if follows:
        assert [(e["action"], e["record_id"]) for e in db.events()] == [("insert", '[1, "eu"]')]
        assert problems(db) == []
    else:
        (problem,) = problems(db)
        assert "has become a partition, and what is written through the whole table goes unrecorded" in problem
        assert """run audit.untrack('public.leaf'), then audit.track('public."who''s"')""" in problem
    db.run("select audit.untrack('leaf'); select audit.track('\"who''s\"', 'thing')")
    db.run("insert into \"who's\" values (2, 'eu')")
    assert [(e["action"], e["record_id"], e["entity"]) for e in db.events()][-1:] == [("insert", '[2, "eu"]', "thing")]
    assert problems(db) == []


@pytest.mark.parametrize("follows", [True, False], ids=["followed", "refreshed by hand"])
def test_a_table_that_becomes_a_child_of_another_one_is_still_captured(db: Database, *, follows: bool) -> None:
    if not follows:
        unfollowed(db)
    db.run("create table child (id int primary key, v text); select audit.track('child')")
    db.run("create table parent (id int, v text); alter table child inherit parent")
    if not follows:
        (problem,) = problems(db)
        assert "has become a child of another one, and what is changed through that one goes unrecorded" in problem
        assert "run audit.refresh('public.child')" in problem
        db.run("select audit.refresh('child')")
    db.run("insert into child values (1, 'x'); update parent set v = 'y'; delete from parent")
    assert [(e["action"], e["table_name"]) for e in db.events()] == [
        ("insert", "child"),
        ("update", "child"),
        ("delete", "child"),
    ]
    assert problems(db) == []
