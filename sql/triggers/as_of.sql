set local role audit_owner;

-- Runs as its caller: a check of a domain in the row type is not the log's owner's to run.
create or replace function audit.as_of(rowtype anyelement, at timestamptz) returns setof anyelement
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select (jsonb_populate_record(rowtype, r.image)).*
  from audit.rows_as_of((select c.oid::regclass from pg_class c where c.reltype = pg_typeof(rowtype)), at) r(image)
$$;

comment on function audit.as_of(anyelement, timestamptz) is
  'A tracked table as it stood: select * from audit.as_of(null::contacts, ''2026-11-01''). Masked columns are null; rows older than capture are there only with a baseline. Errors: 42704 not tracked, 0A000 no primary key.';
grant execute on function audit.as_of(anyelement, timestamptz) to audit_reader, audit_admin;
