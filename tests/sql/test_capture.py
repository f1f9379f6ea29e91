"""What a write to a tracked table leaves in the log."""

from __future__ import annotations

from tests.conftest import Database


def test_an_insert_is_recorded_with_the_whole_row(db: Database) -> None:
    db.connect().execute("insert into contacts (id, first_name, last_name) values (7, 'Ada', 'Lovelace')")
    event = db.last()
    assert (event["action"], event["entity"], event["record_id"], event["record_label"]) == (
        "insert",
        "contact",
        "7",
        "Ada Lovelace",
    )
    assert event["before"] is None
    assert event["after"]["first_name"] == "Ada"
    assert event["db_user"] == "app"
