set local role audit_owner;

create or replace function audit.function_checksum(tracked audit.tracked) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select md5(string_agg(i.fingerprint, ' ' order by i.name))
  from audit.installed i
  where i.name = any (array[
    tracked.row_function, tracked.row_function || '_inserts', tracked.row_function || '_updates', tracked.row_function || '_deletes',
    'typed_' || tracked.tracked_id, 'key_' || tracked.tracked_id, 'stored_' || tracked.tracked_id, 'large_' || tracked.tracked_id]::name[])
$$;

comment on function audit.function_checksum(audit.tracked) is
  'Fingerprint of the functions generated for a tracked table: body, settings, security, owner. Null when they are gone.';
