"""The list, the page of an event and downloads go on in archives, with the same filters and rights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import Browser, settings_for
from tests.evidence.conftest import Evidence, Run
from webapp import archived_events, create_app, events
from webapp.evidence.places import Folder
from webapp.evidence.proof import check_file

LIST = "/reports/audit-log"


@pytest.fixture
def reader(old: Evidence, run: Run, people: object, tmp_path: Path) -> Iterator[Browser]:
    """Mei, who reads a log of which two months have left."""
    old.db.run(
        "insert into audit.log (occurred_at, shape_id, action, record_id, old_row, new_row) "
        "select '2021-02-20', shape_id, 'u', record_id, new_row, replace(new_row, 'No. 1', 'Ada 1') "
        "from audit.log where action = 'i' and record_id = '1' and occurred_at > '2022-01-01' and new_row like '%%No. 1%%'"
    )
    old.seal()
    run()
    app = create_app(replace(settings_for(old.db), archive=Folder(tmp_path / "archive")))
    yield Browser(app.test_client()).sign_in("mei@example.org")
    app.extensions["pool"].close()


def shown(html: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="event-(\d+)"', html)]


def test_the_list_goes_on_in_the_archives(
    old: Evidence, reader: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = old.db
    gone = [row[0] for row in db.run("select event_id from audit.leaves where leaf_index in "
            "(select generate_series(lower(r), upper(r) - 1) from audit.archives, unnest(leaves) r)")]  # fmt: skip
    assert len(gone) > 8
    found = reader.get(f"{LIST}?to=2022-01-01&group=off")
    assert sorted(shown(found)) == sorted(gone)
    assert found.count("<small>archived</small>") == len(gone)
    assert "in the log, and those archived" in found
    assert "Ada 1" in reader.get(f"{LIST}?to=2022-01-01&field=first_name")  # what changed, in the list
    january = reader.get(f"{LIST}?to=2021-01-31&record=3")
    (event,) = shown(january)
    page = reader.get(f"{LIST}/events/{event}")
    assert "archived: it has left the log" in page
    assert "No. 3" in page
    assert "Checkpoint" in reader.get(f"{LIST}/events/{event}/proof")
    proven = reader.client.get(f"{LIST}/events/{event}/proof.ndjson").text
    assert check_file(proven.splitlines(), old.key, old.checkpoints()).proven == 1
    printed = reader.get(f"{LIST}/print?to=2022-01-01")
    assert "Events of 2021-01 to 2021-02 have left it and are not printed" in printed
    assert "are not printed" not in reader.get(f"{LIST}/print?from=2022-01-01")
    assert shown(reader.get(f"{LIST}?to=2022-01-01&record=none")) == []

    # Pages of three, down and up again, are the whole list once.
    monkeypatch.setattr(events, "PAGE_SIZE", 3)
    monkeypatch.setattr(archived_events, "PAGE_SIZE", 3)
    monkeypatch.setattr(archived_events, "FEW", 2)
    down: list[list[int]] = []
    address, html = f"{LIST}?group=off", ""
    while address:
        html = reader.get(address)
        down.append(shown(html))
        following = re.search(r'rel="next" href="([^"]+)"', html)
        if not following:
            break
        address = following[1].replace("&amp;", "&")
    flat = [number for page in down for number in page]
    assert len(flat) == len(set(flat))
    assert set(gone) <= set(flat)
    assert flat[-len(gone) :] == sorted(gone, reverse=True)
    newer = re.search(r'rel="prev" href="([^"]+)"', html)
    assert newer
    assert shown(reader.get(newer[1].replace("&amp;", "&"))) == flat[-len(down[-1]) - 3 : -len(down[-1])]

    # Whoever is limited sees as little of an archive as of the log.
    db.run("update users set categories = '{users}' where id = 2")
    assert set(shown(reader.get(f"{LIST}?to=2022-01-01"))).isdisjoint({event})
    reader.get(f"{LIST}/events/{event}", status=404)
    reader.get(f"{LIST}/events/{event}/proof", status=404)
    db.run("update users set categories = null where id = 2")

    (tmp_path / "archive" / "log_2021_01.parquet").rename(tmp_path / "elsewhere")
    trouble = "Events of 2021-01 to 2021-02 have left the log and are not shown: the archive"
    assert trouble in reader.get(f"{LIST}?to=2022-01-01")
    assert trouble not in reader.get(LIST)
