"""A consumer may die at any moment: what was confirmed does not come again, and nothing is missed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg

from tests.conftest import Database
from tests.evidence.conftest import Evidence
from tests.streaming.conftest import SECRET, Start
from webapp.streaming.following import follow
from webapp.streaming.formats import FORMATS
from webapp.streaming.posting import WebTarget

KILLS = 100
REPOSITORY = Path(__file__).parents[2]


def write(db: Database, number: int, done: threading.Event) -> None:
    """Transactions of which some stay open for a while, and some are rolled back."""
    with psycopg.connect(db.url_of("app")) as connection:
        turn = 0
        while not done.is_set():
            turn += 1
            connection.execute(
                "insert into contacts (first_name) select 'Ada' from generate_series(1, %s)", (turn % 4,)
            )
            if (turn + number) % 5 == 0:
                time.sleep(0.1)
            (connection.rollback if turn % 3 == 0 else connection.commit)()
            time.sleep(0.02)


def test_a_consumer_that_is_killed_a_hundred_times_repeats_nothing_it_confirmed_and_misses_nothing(
    evidence: Evidence, receiver: Start
) -> None:
    db, there = evidence.db, receiver(11)
    done = threading.Event()
    threads = [threading.Thread(target=write, args=(db, number, done)) for number in range(3)]

    def keep_sealing() -> None:
        while not done.is_set():
            evidence.seal()
            time.sleep(0.05)

    threads.append(threading.Thread(target=keep_sealing))
    evidence.seal()
    db.run("insert into audit.streams (name, position) values ('siem', 0)")
    nursery = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("consumers.py"), db.url_of("streamer"), there.address, SECRET],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    assert nursery.stdin
    assert nursery.stdout
    for thread in threads:
        thread.start()
    confirmed: list[tuple[int, int]] = []  # (batches received, position) when a consumer began
    try:
        for turn in range(KILLS):
            confirmed.append((len(there.batches), db.value("select position from audit.streams")))
            nursery.stdin.write("another\n")
            nursery.stdin.flush()
            consumer = int(nursery.stdout.readline())
            known, patience = len(there.batches), time.monotonic() + 2
            while turn % 4 == 0 and len(there.batches) == known and time.monotonic() < patience:
                time.sleep(0.002)  # until it is in the midst of its work
            time.sleep(random.uniform(0, 0.03))
            os.kill(consumer, signal.SIGKILL)
    finally:
        nursery.communicate()
        done.set()
        for thread in threads:
            thread.join()
    evidence.seal()
    confirmed.append((len(there.batches), db.value("select position from audit.streams")))
    follow(db.url_of("streamer"), "siem", WebTarget(there.address, SECRET, shortest=0.01), FORMATS["ndjson"],
           stop=threading.Event())  # fmt: skip

    batches = there.batches
    begins = [int(batch["id"].split("_")[1]) for batch in batches]
    for received, position in confirmed:
        assert min(begins[received:], default=position) >= position
    assert begins == sorted(begins)
    assert list(dict.fromkeys(there.events)) == evidence.sealed()
    assert evidence.sealed() == [row[0] for row in db.run("select event_id from audit.log order by xact_id, event_id")]
    assert len({position for _, position in confirmed}) > 5
