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
from psycopg.conninfo import conninfo_to_dict

from tests.clients.places import new_place
from tests.conftest import SERVER_SETTINGS, Database
from tests.evidence.conftest import Evidence
from webapp.embedded import EmbeddedServer
from webapp.evidence.sealing import SealingError


def test_a_log_that_is_restored_into_a_cluster_whose_transactions_start_again_is_sealed_on_and_proven(
    evidence: Evidence, embedded: EmbeddedServer | None, bin_dir: Path | None, tmp_path: Path
) -> None:
    if embedded is None:
        pytest.skip("needs two servers of the tests' own: unset AUDITLOG_DATABASE_URL")
    db = evidence.db
    evidence.write(3)
    evidence.seal()
    db.run("do 'begin for i in 1..20000 loop perform pg_current_xact_id(); commit; end loop; end'")
    evidence.write(2)  # by transactions that have not begun yet where they are restored, and without a seal

    def program(name: str, url: str, *arguments: str) -> None:
        command = [str(embedded.program(name)), f"--dbname={url}", *arguments]
        done = subprocess.run(command, env=os.environ, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    name = conninfo_to_dict(db.url)["dbname"]
    program("pg_dumpall", db.url, "--roles-only", f"--file={tmp_path / 'roles'}")
    program("pg_dump", db.url, "--format=custom", f"--file={tmp_path / 'dump'}")
    with new_place() as folder, EmbeddedServer(folder / "s", bin_dir=bin_dir, settings=SERVER_SETTINGS) as server:
        program("psql", server.url(), "--quiet", f"--file={tmp_path / 'roles'}", f"--command=create database {name}")
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
            assert sorted(copy.sealed()) == [row[0] for row in there.run("select event_id from audit.log order by 1")]
            lives = [checkpoint.origin.rpartition("/")[2] for checkpoint in copy.checkpoints()]
            assert lives == ["1", "2", "2"]
            assert len({checkpoint.log for checkpoint in copy.checkpoints()}) == 1
            found = copy.verify()
            assert (found.broken, found.late, found.proven) == ([], [], len(copy.sealed()))
            there.close()


def test_a_replica_that_is_promoted_goes_on_where_the_primary_was(
    evidence: Evidence, embedded: EmbeddedServer | None, bin_dir: Path | None
) -> None:
    if embedded is None:
        pytest.skip("needs two servers of the tests' own: unset AUDITLOG_DATABASE_URL")
    evidence.write(3)
    evidence.seal()
    evidence.write(2)  # without a seal when the primary is lost
    name = str(conninfo_to_dict(evidence.db.url)["dbname"])
    with new_place() as folder:
        server = EmbeddedServer(folder / "s", bin_dir=bin_dir, settings=SERVER_SETTINGS)
        with server:  # which makes its places
            (cluster,) = (file.parent for file in (folder / "s").rglob("PG_VERSION") if "base" not in file.parts)
        owner = cluster.stat()
        shutil.rmtree(cluster)
        run = [str(embedded.program("pg_basebackup")), f"--dbname={embedded.url()}", "--checkpoint=fast"]
        done = subprocess.run([*run, f"--pgdata={cluster}"], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        (cluster / "postmaster.opts").unlink(missing_ok=True)
        # It takes what it can get, and then goes on alone, on a timeline of its own.
        (cluster / "recovery.signal").touch()
        with (cluster / "postgresql.auto.conf").open("a") as settings:
            settings.write("restore_command = 'false'\n")
        for file in (cluster, *cluster.rglob("*")):
            os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)
        with server, psycopg.connect(server.url(name), autocommit=True) as superuser:
            there = Database(server.url(name), superuser)
            copy = replace(evidence, db=there, sealer=replace(evidence.sealer, url=there.url_of("sealer")))
            deadline = time.monotonic() + 60
            while there.value("select pg_is_in_recovery()"):
                assert time.monotonic() < deadline
                there.run("select pg_sleep(0.02)")
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
