set local role audit_owner;

create or replace function audit.words_asked(words text) returns tsquery
language sql immutable parallel safe
as $$
  select phraseto_tsquery('pg_catalog.simple'::regconfig, audit.spaced(words))
$$;

comment on function audit.words_asked(text) is
  'A search for these words, one after the other: r.words @@ audit.words_asked(''main street''). Finds nothing when there is no word.';
grant execute on function audit.words_asked(text) to audit_web, audit_reader, audit_admin;
