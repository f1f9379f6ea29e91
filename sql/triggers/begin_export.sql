set local role audit_owner;

create or replace function audit.begin_export(details jsonb default '{}') returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person text := nullif(current_setting('audit.actor_id', true), '');
  begun  bigint;
begin
  if person is null then
    raise exception 'audit.begin_export: nobody is named'
      using errcode = 'insufficient_privilege', hint = 'Say who exports, with audit.set_actor(), in the same transaction.';
  end if;
  begun := audit.record_event('report', 'export', details => details);
  insert into audit.running_exports (event_id, person, name)
  values (begun, person, nullif(current_setting('audit.actor_name', true), ''));
  perform audit.end_lost_exports();
  return begun;
end
$$;

comment on function audit.begin_export(jsonb) is
  'Records that the actor exports the report; commit before the first byte leaves. The reading session holds the lock audit.export_lock() of that person meanwhile. Returns the event, for audit.end_export(). Error: 42501 when no actor is set.';
grant execute on function audit.begin_export(jsonb) to audit_web;
