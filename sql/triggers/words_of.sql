set local role audit_owner;

-- Without a setting or a query of its own, so that PostgreSQL writes it into the query that asks: it runs for each event.
create or replace function audit.words_of(texts text) returns tsvector
language sql immutable parallel safe
as $$
  select to_tsvector('pg_catalog.simple'::regconfig, audit.spaced(texts))
$$;

comment on function audit.words_of(text) is
  'The words of a text: what is between spaces and punctuation, in small letters.';
grant execute on function audit.words_of(text) to audit_web, audit_reader, audit_admin, audit_sealer;
