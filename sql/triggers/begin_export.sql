set local role audit_owner;

create or replace function audit.begin_export(details jsonb default '{}', by_login boolean default false) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person text := case when by_login then 'login ' || session_user else nullif(current_setting('audit.actor_id', true), '') end;
  begun  bigint;
begin
  if person is null then
    raise exception 'audit.begin_export: nobody is named'
      using errcode = 'insufficient_privilege',
            hint = 'Say who exports, with audit.set_actor(), in the same transaction, or pass by_login => true.';
  end if;
  begun := audit.record_event('report', 'export', details => details);
  insert into audit.exports (event_id, person) values (begun, person);
  perform audit.end_lost_exports();
  return begun;
end
$$;

comment on function audit.begin_export(jsonb, boolean) is
  'Records that the actor exports the report, or with by_login the database login itself; commit before the first byte leaves. The reading session holds the lock audit.export_lock() of that person meanwhile. Returns the event, for audit.end_export(). Error: 42501 when no actor is set.';
grant execute on function audit.begin_export(jsonb, boolean) to audit_web, audit_reader;
