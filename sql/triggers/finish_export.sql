set local role audit_owner;

create or replace function audit.finish_export(begun bigint, details jsonb) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Whoever gets hold of the row first records the end, so that there is one.
  perform from audit.exports x where x.event_id = begun and x.ended_event is null for update;
  if not found then
    return false;
  end if;
  update audit.exports x
  set ended_event = audit.record_event('report', 'export', details => details || jsonb_build_object('completes', begun))
  where x.event_id = begun;
  return true;
end
$$;

comment on function audit.finish_export(bigint, jsonb) is
  'Writes the end of an export of the report, in the name of the actor: false when that is on record already. For the functions of this schema only.';
