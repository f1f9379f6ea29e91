"""A log that moves to another cluster goes on there as another life of itself, and stays proven."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.clients.places import new_place
from tests.conftest import SERVER_SETTINGS, Database
from tests.evidence.conftest import Evidence
from tests.test_embedded import postmaster
from webapp.embedded import EmbeddedServer
from webapp.evidence import sealing
from webapp.evidence.sealing import SealingError


def test_a_log_that_is_restored_into_a_cluster_whose_transactions_start_again_is_sealed_on_and_proven_even_after_a_crash(
    evidence: Evidence,
    own_server: EmbeddedServer,
    bin_dir: Path | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    db = evidence.db
    evidence.write(3)
    evidence.seal()
    db.run("do 'begin for i in 1..20000 loop perform pg_current_xact_id(); commit; end loop; end'")
    evidence.write(2)  # by transactions that have not begun yet where they are restored, and without a seal

    def program(name: str, url: str, *arguments: str) -> None:
        command = [str(own_server.program(name)), f"--dbname={url}", *arguments]
        done = subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    name = conninfo_to_dict(db.url)["dbname"]
    program("pg_dumpall", db.url, "--roles-only", f"--file={tmp_path / 'roles'}")
    program("pg_dump", db.url, "--format=custom", f"--file={tmp_path / 'dump'}")
    settings = SERVER_SETTINGS | {"wal_writer_delay": "1s"}  # until what was committed asynchronously is written down
    with new_place() as folder:
        with EmbeddedServer(folder / "s", bin_dir=bin_dir, settings=settings) as server:
            program(
                "psql", server.url(), "--quiet", f"--file={tmp_path / 'roles'}", f"--command=create database {name}"
            )
            program("pg_restore", server.url(str(name)), "--exit-on-error", str(tmp_path / "dump"))
            with psycopg.connect(server.url(str(name)), autocommit=True) as superuser:
                there = Database(server.url(str(name)), superuser)
                copy = replace(evidence, db=there, sealer=replace(evidence.sealer, url=there.url_of("sealer")))
                newest = there.value("select max(xact_id)::text::bigint from audit.log")
                assert newest > there.value("select pg_current_xact_id()::text::bigint"), "transactions start again"
                copy.write(2)
                copy.seal()
                copy.write()
                copy.seal()
                assert sorted(copy.sealed()) == [
                    row[0] for row in there.run("select event_id from audit.log order by 1")
                ]
                lives = [checkpoint.origin.rpartition("/")[2] for checkpoint in copy.checkpoints()]
                assert lives == ["1", "2", "2"]
                assert len({checkpoint.log for checkpoint in copy.checkpoints()}) == 1
                found = copy.verify()
                assert (found.broken, found.late, found.proven) == ([], [], len(copy.sealed()))
                copy.write(10)
                there.run("checkpoint")

                def crash(done: int) -> None:
                    if done >= 6:
                        running = postmaster(folder / "s")
                        for process in (running, *running.children()):
                            process.kill()
                        running.wait(10)

                monkeypatch.setattr(sealing, "CHUNK", 3)
                with pytest.raises(psycopg.OperationalError):
                    copy.seal(on_progress=crash)
                there.close()
        with (
            EmbeddedServer(folder / "s", bin_dir=bin_dir) as server,
            psycopg.connect(server.url(str(name)), autocommit=True) as superuser,
        ):
            there = Database(server.url(str(name)), superuser)
            copy = replace(evidence, db=there, sealer=replace(evidence.sealer, url=there.url_of("sealer")))
            size = copy.checkpoints()[-1].size
            assert len(copy.sealed()) in (size, size + 3, size + 6), "whole chunks are lost, or none"
            copy.seal()
            assert len(copy.sealed()) == size + 10
            assert sorted(copy.sealed()) == [row[0] for row in there.run("select event_id from audit.log order by 1")]
            found = copy.verify()
            assert (found.broken, found.late, found.proven) == ([], [], len(copy.sealed()))
            there.close()


def test_a_replica_that_is_promoted_in_the_midst_of_sealing_goes_on_where_the_primary_was(
    evidence: Evidence, own_server: EmbeddedServer, bin_dir: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = evidence.db
    evidence.write(3)
    evidence.seal()
    evidence.write(10)
    name = str(conninfo_to_dict(db.url)["dbname"])
    with new_place() as folder:
        server = EmbeddedServer(folder / "s", bin_dir=bin_dir, settings=SERVER_SETTINGS)
        with server:  # which makes its places
            (cluster,) = (file.parent for file in (folder / "s").rglob("PG_VERSION") if "base" not in file.parts)
        owner = cluster.stat()
        shutil.rmtree(cluster)
        run = [str(own_server.program("pg_basebackup")), f"--dbname={own_server.url()}", "--checkpoint=fast"]
        done = subprocess.run([*run, f"--pgdata={cluster}"], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        (cluster / "postmaster.opts").unlink(missing_ok=True)
        (cluster / "standby.signal").touch()
        with (cluster / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"primary_conninfo = '{make_conninfo(own_server.url(), dbname='replication')}'\n")
        for file in (cluster, *cluster.rglob("*")):
            os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)
        with server, psycopg.connect(server.url(name), autocommit=True) as superuser:
            there = Database(server.url(name), superuser)
            copy = replace(evidence, db=there, sealer=replace(evidence.sealer, url=there.url_of("sealer")))
            with pytest.raises(SealingError, match="this server is a replica: seal the primary"):
                copy.seal()

            def fail_over(done: int) -> None:
                """The replica has all that the sealer has committed so far, and takes over from a primary that dies."""
                if done < 6:
                    return
                newest = db.value("select pg_current_wal_insert_lsn()")
                deadline = time.monotonic() + 60
                while not there.value("select pg_last_wal_replay_lsn() >= %s", newest):
                    assert time.monotonic() < deadline, "the replica does not follow"
                    there.run("select pg_sleep(0.02)")
                assert there.value("select pg_promote()")
                db.run(
                    "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
                    "where application_name = 'auditlog seal' and datname = current_database()"
                )

            monkeypatch.setattr(sealing, "CHUNK", 3)
            with pytest.raises(psycopg.OperationalError):
                evidence.seal(on_progress=fail_over)
            (sealed,) = (checkpoint.size for checkpoint in copy.checkpoints())
            assert sealed + 6 == len(copy.sealed()), "it begins with leaves that no checkpoint holds"
            copy.write()
            copy.seal()
            assert copy.sealed() == [
                row[0] for row in there.run("select event_id from audit.log order by xact_id, event_id")
            ]
            assert [checkpoint.origin.rpartition("/")[2] for checkpoint in copy.checkpoints()] == ["1", "2"]
            found = copy.verify()
            assert (found.broken, found.late, found.proven) == ([], [], len(copy.sealed()))
            there.close()
    # The primary that comes back is behind, and builds on nothing.
    with pytest.raises(SealingError, match="which this database does not have"):
        evidence.seal()


def test_a_logical_copy_goes_on_as_another_life_and_is_proven(
    evidence: Evidence, own_server: EmbeddedServer, blank: str, tmp_path: Path
) -> None:
    db = evidence.db
    evidence.write(3)
    evidence.seal()
    schema = str(tmp_path / "schema")
    for name, *arguments in (("pg_dump", db.url, "--schema-only"), ("psql", blank, "--quiet")):
        command = [str(own_server.program(name)), f"--dbname={arguments[0]}", arguments[1], f"--file={schema}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    db.run(
        "create publication copies for table audit.migrations, audit.log, audit.shapes, audit.tracked, audit.incarnations, "
        "audit.leaves, audit.nodes, audit.checkpoints, audit.sealing with (publish_via_partition_root = true)"
    )
    slot = f"copy_of_{conninfo_to_dict(db.url)['dbname']}"
    with psycopg.connect(blank, autocommit=True) as superuser:
        there = Database(blank, superuser)
        db.run("select pg_create_logical_replication_slot(%s, 'pgoutput')", slot)
        subscribe = "create subscription {} connection {} publication copies with (create_slot = false, slot_name = {})"
        there.run(sql.SQL(subscribe).format(sql.Identifier(slot), db.url, slot).as_string(None))
        try:
            evidence.write(2)
            evidence.seal()
            evidence.write(2)  # without a seal
            counts = "select (select count(*) from audit.log), (select count(*) from audit.checkpoints)"
            apart = "select exists (select from pg_subscription_rel where srsubstate <> 'r')"
            deadline = time.monotonic() + 60
            while there.value(apart) or there.run(counts) != db.run(counts):
                assert time.monotonic() < deadline, "the copy does not follow"
                there.run("select pg_sleep(0.02)")
        finally:
            there.run(f"drop subscription {slot}")
        there.run("select setval('audit.log_event_id_seq', %s)", db.value("select max(event_id) from audit.log"))
        there.run("insert into audit.searching default values")  # what is searched is made anew
        copy = replace(evidence, db=there, sealer=replace(evidence.sealer, url=there.url_of("sealer")))
        copy.write()
        copy.seal()
        assert sorted(copy.sealed()) == [row[0] for row in there.run("select event_id from audit.log order by 1")]
        assert [checkpoint.origin.rpartition("/")[2] for checkpoint in copy.checkpoints()] == ["1", "1", "2"]
        found = copy.verify()
        assert (found.broken, found.proven) == ([], len(copy.sealed()))
        there.close()
