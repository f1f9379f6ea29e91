set local role audit_owner;

-- Runs as its caller: a check of a domain in the row type is not the log's owner's to run.
create or replace function audit.as_of(rowtype anyelement, at timestamptz) returns setof anyelement
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  "table" regclass := (select c.oid from pg_class c where c.reltype = pg_typeof(rowtype));
begin
  return query execute format(
    'select (read.found).* from audit.rows_as_of($1, $2) told, lateral (select case when told.as_json '
    'then jsonb_populate_record(null::%1$s, told.fields) else %2$s end offset 0) read(found)',
    pg_typeof(rowtype), audit.row_sql("table", 'told.fields'))
  using "table", at;
exception when data_exception or integrity_constraint_violation then
  perform audit.refuse_unfit_value("table", at);
  raise;
end
$$;

comment on function audit.as_of(anyelement, timestamptz) is
  'A tracked table as it stood: select * from audit.as_of(null::contacts, ''2026-11-01''). Masked columns are null; rows older than capture are there only with a baseline. Checks of domains run as the caller: of a table whose owner is not trusted, read audit.rows_as_of(). Errors: 42704 not tracked, 0A000 no primary key, 22000 a value that its column cannot hold today.';
grant execute on function audit.as_of(anyelement, timestamptz) to audit_reader, audit_admin;
