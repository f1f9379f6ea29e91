"""What left is on record even if the server dies just then."""

from __future__ import annotations

import psycopg

from tests.clients.places import new_place
from tests.test_embedded import postmaster
from webapp import migrations
from webapp.embedded import EmbeddedServer


def test_rows_that_were_given_are_on_record_after_a_crash_even_where_their_asker_chose_asynchronous_commits() -> None:
    with new_place() as place:
        # A second passes before the server writes down by itself what was committed asynchronously.
        with EmbeddedServer(place / "server", settings={"wal_writer_delay": "1s", "fsync": "off"}) as server:
            migrations.migrate(server.url(), with_reference_tables=True)
            app = psycopg.connect(server.url(), autocommit=True)
            app.execute("insert into contacts (first_name, last_name) values ('Bo', 'Berg')")
            app.execute("checkpoint")
            with app.transaction():
                ticket = app.execute("select audit.request_export('contact')").fetchone()
                app.execute("set local synchronous_commit = off")
            assert ticket
            app.execute("begin")  # and never ended: its end would write down all before it
            assert app.execute("select * from audit.export_rows(%s, null::contacts)", ticket).fetchone()
            running = postmaster(place / "server")
            for process in (running, *running.children()):
                process.kill()
            running.wait(10)
            app.close()
        with EmbeddedServer(place / "server") as again, psycopg.connect(again.url()) as reader:
            exports = reader.execute(
                "select context -> 'export' ->> 'ticket' from audit.events where action = 'export'"
            )
            assert exports.fetchall() == [(str(ticket[0]),)]
