set local role audit_owner;

create or replace function audit.end_export(begun bigint, details jsonb default '{}') returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((
    select audit.finish_export(begun, details) from audit.log l where l.event_id = begun and l.db_user = session_user), false)
$$;

comment on function audit.end_export(bigint, jsonb) is
  'Records how an export of the report ended, once: false when that is on record already, or when another login began it.';
grant execute on function audit.end_export(bigint, jsonb) to audit_web, audit_reader;
