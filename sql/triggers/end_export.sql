set local role audit_owner;

create or replace function audit.end_export(begun bigint, details jsonb default '{}') returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Whoever removes the row records the end, so that there is one.
  delete from audit.running_exports r where r.event_id = begun;
  if not found then
    return false;
  end if;
  perform audit.record_event('report', 'export', details => details || jsonb_build_object('completes', begun));
  return true;
end
$$;

comment on function audit.end_export(bigint, jsonb) is
  'Records how an export of the report ended, once: false when that is on record already.';
grant execute on function audit.end_export(bigint, jsonb) to audit_web;
