"""Our own capture with one idea taken back each: what that idea brings."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from .subjects import FLOOR, NONE, OURS, SUBJECTS, Subject

_ROW_BY_ROW = """
create function nothing() returns trigger language plpgsql as 'begin return null; end';
create trigger own after insert or update or delete on contacts for each row when (false) execute function nothing();
select audit.refresh('contacts')
"""

#: What reads rows as JSON, reads those that capture writes so, too.
_AS_JSON = r"""
do $do$
declare
  body text;
begin
  for body in
    select regexp_replace(pg_get_functiondef(p.oid), '\m(p\.r|old|new)::text', 'to_jsonb(\1)::text', 'g') from pg_proc p
    where p.pronamespace = 'audit'::regnamespace and p.proname ~ '^capture_contacts_'
  loop
    execute body;
  end loop;
end $do$
"""

_WITHOUT_INDEXES = "drop index audit.log_newest, audit.log_of_record, audit.log_of_actor"

_WITHOUT_CONTEXT = """
alter table audit.log alter application drop default, alter client_addr drop default, alter actor_id drop default,
  alter actor_name drop default, alter request_id drop default, alter context drop default
"""


def _ours_but(statements: str) -> Callable[[str], None]:
    (ours,) = (subject for subject in SUBJECTS if subject.name == OURS)

    def install(url: str) -> None:
        ours.install(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statements.encode())

    return install


IDEAS = (
    *(subject for subject in SUBJECTS if subject.name in (NONE, FLOOR, OURS)),
    *(
        Subject(name, about, _ours_but(statements), r"^audit\.log_")
        for name, about, statements in (
            ("row-by-row", "each row captured by itself, as in a table with triggers of its own", _ROW_BY_ROW),
            ("as-json", "rows stored as JSON instead of in row notation", _AS_JSON),
            ("no-indexes", "nothing that finds a moment, a record or a person", _WITHOUT_INDEXES),
            ("no-context", "no application, address, actor or request", _WITHOUT_CONTEXT),
        )
    ),
)
