"""Proofs that leave the database are checked with the public key alone, by this product's file and by another program."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.evidence.conftest import Evidence
from tests.sql.support import seed
from webapp.evidence import keys, proof, proving
from webapp.evidence.proof import (
    Broken,
    PublicKey,
    Tree,
    Unproven,
    check_file,
    describe,
    leaf_hash,
    missing_ranges,
    roots,
)
from webapp.streaming.formats import FORMATS

Lines = list[str]
#: Columns that the report derives from what is stored; FORMAT.md says so.
READINGS = ("category", "record_label", "changed_fields", "before")
HERE = Path(__file__).parent


@pytest.fixture
def proven(evidence: Evidence) -> Evidence:
    """Events of every kind, sealed in several rounds."""
    db = evidence.db
    seed(db)
    db.run("alter sequence contacts_id_seq restart 100")
    evidence.seal()
    db.run(
        "select set_config('audit.actor_name', 'Priya', false), set_config('audit.context', '{\"on\": [1.5, 1e3, 1E-2]}', false)"
    )
    db.run("update contacts set first_name = 'Bo \"the\\, (x)', last_name = E'line\\nbreak', phone = '' where id = 1")
    db.run("update users set name = 'Ü' where id = 1; delete from contacts where id = 2; truncate contact_groups")
    db.run("create table parted (id integer, year integer, primary key (id, year)) partition by range (year)")
    db.run(
        "create table parted_a partition of parted for values from (0) to (9); create table parted_b partition of parted default"
    )
    db.run("select audit.track('parted'); insert into parted values (1, 1); update parted set year = 20")
    evidence.seal()
    evidence.write(3)
    return evidence


def prove(evidence: Evidence, *event_ids: int) -> Lines:
    return list(
        proving.prove_events(
            evidence.db.connect("sealer"), event_ids or [e["event_id"] for e in evidence.db.events("true")]
        )
    )


def checked(evidence: Evidence, lines: Lines) -> str:
    return " | ".join(describe(check_file(lines, evidence.key, evidence.checkpoints())))


def test_all_events_are_proven_by_their_lines_alone(proven: Evidence) -> None:
    lines = prove(proven)
    said = checked(proven, lines)
    assert said.startswith(f"proven: {len(proven.sealed())} events, by checkpoint 1 of ")
    assert said.endswith("not yet sealed: 3 events, of which this proves nothing")


def test_one_event_is_proven_with_few_nodes(proven: Evidence) -> None:
    for event_id in proven.sealed()[::3]:
        lines = prove(proven, event_id)
        assert checked(proven, lines).startswith("proven: ")
        assert len(json.loads(lines[-1])["evidence"]["nodes"]) <= 2 * len(proven.sealed()).bit_length()


def test_whatever_is_changed_in_a_line_is_found(proven: Evidence) -> None:
    """Each column that a reader sees, and each byte that was sealed."""
    lines = [line for line in prove(proven)[:-1] if '"seal": null' not in line]
    last = prove(proven)[-1]
    changed_ones: set[str] = set()
    for place, line in enumerate(lines):
        event = json.loads(line)
        for name, value in event.items():
            if name == "seal" or (name in READINGS and not plain(event, name)):
                continue
            changed_ones.add(name)
            with pytest.raises(Broken, match=r"^altered: line 1, event .* is not what was sealed"):
                check_file([json.dumps(event | {name: other(value)}), last], proven.key)
        for column, value in (event.get("after") or {}).items():
            if value is None or (isinstance(value, str) and "T" not in value):
                with pytest.raises(Broken, match="after is not what was sealed"):
                    check_file(
                        [json.dumps(event | {"after": event["after"] | {column: other(value)}}), last], proven.key
                    )
        for name in ("leaf", "salt", "header", "details", "old_row", "new_row", "shape"):
            seal = event["seal"] | {name: other(event["seal"][name])}
            with pytest.raises(Broken):
                check_file([*lines[:place], json.dumps(event | {"seal": seal}), *lines[place + 1 :], last], proven.key)
    assert changed_ones >= {
        "event_id",
        "context",
        "occurred_at",
        "action",
        "entity",
        "record_id",
        "before",
        "after",
        "db_user",
    }


def plain(event: dict[str, Any], name: str) -> bool:
    """Whether a column stands in the log as it is shown."""
    return name == "before" and '"moved_from" : null' in event["seal"]["header"]


def other(value: Any) -> Any:
    if value is None:
        return "x"
    if isinstance(value, dict):
        return value | {"x": "y"}
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return [*value, "x"]
    if str(value).startswith("20") and "T" in str(value):
        return str(value).replace("20", "19", 1)
    return ("1" if value[:1] == "0" else "0") + value[1:]


def test_a_line_that_is_missing_added_or_repeated_is_found(proven: Evidence) -> None:
    lines = prove(proven)
    for changed in (
        lines[1:],
        [lines[0], *lines],
        lines[:-1],
        [*lines[:3], *lines[4:]],
        [lines[0], "not json", *lines[1:]],
    ):
        with pytest.raises(Broken):
            check_file(changed, proven.key)


def test_a_long_file_is_checked_by_several_processes_which_find_the_same(
    proven: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = prove(proven)
    alone = check_file(lines, proven.key)
    monkeypatch.setattr(proof, "PIECE", 7)
    monkeypatch.setattr(proof, "WORTH_A_PROCESS", 2)
    assert check_file(lines, proven.key, jobs=2) == alone
    with pytest.raises(Broken, match=r"^altered: line 9, event .*: db_user is not what was sealed$"):
        check_file([*lines[:8], json.dumps(json.loads(lines[8]) | {"db_user": "x"}), *lines[9:]], proven.key, jobs=2)


def test_growth_between_any_two_checkpoints_is_proven(proven: Evidence) -> None:
    for rows in (1, 5, 2):
        proven.write(rows)
        proven.seal()
    reader = proven.db.connect("sealer")
    last = proven.checkpoints()[-1].number
    for older in range(last + 1):
        for newer in range(older, last + 1):
            line = proving.prove_growth(reader, older, newer)
            assert checked(proven, [line]).startswith(f"proven: checkpoint {newer} of ")
    line = json.loads(proving.prove_growth(reader, 1, 3))
    line["evidence"]["older"] = proven.db.value("select note from audit.checkpoints where number = 2")
    with pytest.raises(Broken):
        check_file([json.dumps(line)], proven.key)


def test_an_erased_event_keeps_its_place_in_every_proof(proven: Evidence) -> None:
    db = proven.db
    event_id = proven.sealed()[7]
    header, *payload = db.run(proving.load("sealable").as_string(None) + " where event_id = %s", event_id)[0][3:7]
    commit = proof.payload_commit(
        bytes(db.value("select salt from audit.leaves where event_id = %s", event_id)), *payload
    )
    db.run("alter table audit.leaves disable trigger user")
    db.run("update audit.leaves set salt = null, payload_commit = %s where event_id = %s", commit, event_id)
    partitions = db.run("select relid::regclass::text from pg_partition_tree('audit.log')")
    for (table,) in partitions:
        db.run(f"alter table {table} disable trigger user")
    db.run(
        "update audit.log set old_row = null, new_row = null, record_id = null, context = null where event_id = %s",
        event_id,
    )
    assert header in db.run(proving.load("sealable").as_string(None) + " where event_id = %s", event_id)[0]
    assert "erased: 1 event, whose" in checked(proven, prove(proven))
    found = proven.verify()
    assert [str(f) for f in found.broken] == [
        f"altered: the payload of event {event_id} is gone, and no erase event says so"
    ]
    db.run("select audit.record_event('contact', 'erase', details => %s)", json.dumps({"events": [event_id]}))
    proven.seal()
    found = proven.verify()
    assert (found.broken, found.erased) == ([], 1)


# -- by others -----------------------------------------------------------------------------------

Program = Callable[[PublicKey, Path], subprocess.CompletedProcess[str]]


def by_this_file(key: PublicKey | Path, file: Path) -> subprocess.CompletedProcess[str]:
    """proof.py taken out of the package: no Flask, no database."""
    alone = file.with_name("proof.py")
    shutil.copy(proof.__file__, alone)
    return subprocess.run(
        [sys.executable, alone, "--key", str(key), file], capture_output=True, text=True, cwd=file.parent
    )


def by_another_program(key: PublicKey, file: Path) -> subprocess.CompletedProcess[str]:
    """In JavaScript, from FORMAT.md alone."""
    if not shutil.which("node"):
        pytest.skip("needs node")
    return subprocess.run(["node", HERE / "verify.mjs", str(key), file], capture_output=True, text=True)


@pytest.mark.parametrize("program", [by_this_file, by_another_program])
def test_proofs_are_checked_without_the_product(proven: Evidence, program: Program, tmp_path: Path) -> None:
    first_key = proven.key
    file = tmp_path / "proof.ndjson"
    following = keys.create(keys.next_file(proven.sealer.key_file))
    proven.seal(next_key=following)
    keys.put_in_place(proven.sealer.key_file, keys.load(proven.sealer.key_file))
    proven.write(2)
    proven.seal()
    growth = [proving.prove_growth(proven.db.connect("sealer"), 1)]
    for lines in (prove(proven), prove(proven, proven.sealed()[4]), growth):
        file.write_text("\n".join(lines) + "\n")
        done = program(first_key, file)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert done.stdout.startswith("proven: ")
    lines = prove(proven, proven.sealed()[4])
    for changed in (lines[0].replace("Bo", "Bö"), lines[0].replace('"salt" : "', '"salt" : "00', 1)):
        file.write_text("\n".join([changed, lines[1]]))
        if changed != lines[0]:
            assert program(first_key, file).returncode == 3
    file.write_text("\n".join(growth).replace("horizon ", "horizon 1", 1))
    done = program(first_key, file)
    assert (done.returncode, done.stdout.partition(":")[0]) == (3, "rewritten checkpoint")
    file.write_text("\n".join(growth))
    stranger = keys.create(tmp_path / "stranger").public
    assert program(stranger, file).returncode == 3


def test_a_file_without_proofs_is_said_to_have_none(proven: Evidence, tmp_path: Path) -> None:
    """Neither proven nor altered: there is nothing to check."""
    for lines in (["event_id,occurred_at\r\n", "1,2026\r\n"], ['{"event_id": 1}\n'], []):
        with pytest.raises(Unproven, match=r"carries no proofs.* `auditlog prove EVENT`"):
            check_file(lines, proven.key)
    sheet = tmp_path / "a.xlsx"
    sheet.write_bytes(b"PK\x03\x04\xff\xfe")
    held, damaged = tmp_path / "seal.pub", tmp_path / "seal.bad"
    held.write_text(f"{proven.key}\n")
    damaged.write_text(str(proven.key).replace("+", "+0", 1))
    done = by_this_file(held, sheet)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{sheet}: this file carries no proofs")
    assert by_this_file(damaged, sheet).returncode == 2
    done = by_this_file(tmp_path / "nowhere", sheet)
    assert done.returncode == 2
    assert "not a public key of the form name+id+key, nor a file with one" in done.stderr


def test_the_tree_is_that_of_rfc_6962() -> None:
    """Against its definition, for all small sizes: root, every single proof, every growth."""

    def defined(leaves: list[bytes]) -> bytes:
        if len(leaves) < 2:
            return leaves[0] if leaves else proof.EMPTY_ROOT
        half = proof.split(len(leaves))
        return proof.node_hash(defined(leaves[:half]), defined(leaves[half:]))

    leaves = [leaf_hash(str(number), bytes(32)) for number in range(35)]
    tree = Tree()
    for size in range(35):
        assert tree.root() == defined(leaves[:size])
        for known in ([], *([place] for place in range(size)), list(range(size)), list(range(0, size, 3))):
            for cut in (0, size // 3, size):
                nodes = [defined(leaves[low:high]) for low, high in missing_ranges(size, known, cut)]
                whole, before = roots(size, [(place, leaves[place]) for place in known], nodes, cut)
                assert whole == tree.root()
                if not known:
                    assert before == defined(leaves[:cut])
        tree.append(leaves[size])


# -- what others may have written ----------------------------------------------------------------


def test_what_no_reader_of_json_takes_is_proven_and_streamed(evidence: Evidence) -> None:
    """Numbers of more digits than Python reads, and a context as deep as PostgreSQL takes it."""
    db, digits = evidence.db, "9" * 5_000
    db.run("create table sums (id int primary key, amount numeric)")
    db.run("select audit.track('sums')")
    app = db.superuser
    with app.transaction():
        app.execute("select set_config('audit.context', %s, true)", ('{"a":' * 5_000 + "1" + "}" * 5_000,))
        app.execute(f"insert into sums values (1, {digits})".encode())
    evidence.seal()
    lines = prove(evidence, db.value("select max(event_id) from audit.log"))
    assert checked(evidence, lines).startswith("proven: 1 event")
    for name in ("ocsf", "ecs"):
        assert digits in FORMATS[name](lines[0])
    with pytest.raises(Broken, match="line 1 cannot be read"):
        check_file(['{"a":' * 5_000 + "1" + "}" * 5_000, lines[-1]], evidence.key)
