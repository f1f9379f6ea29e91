set local role audit_owner;

create or replace function audit.end_lost_exports() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  lost   record;
  before text[] := array[current_setting('audit.actor_id', true), current_setting('audit.actor_name', true)];
  ended  integer := 0;
begin
  for lost in
    select x.event_id, x.so_far, l.actor_id, l.actor_name from audit.exports x
    left join audit.log l on l.event_id = x.event_id
    where x.ended_event is null
      -- A person has one export at a time, so an older one is over, too.
      and (exists (select from audit.exports newer where newer.person = x.person and newer.event_id > x.event_id)
        or pg_try_advisory_xact_lock(audit.export_lock(x.person)))
    order by x.event_id
  loop
    perform set_config('audit.actor_id', coalesce(lost.actor_id, ''), true),
            set_config('audit.actor_name', coalesce(lost.actor_name, ''), true);
    ended := ended + audit.finish_export(lost.event_id, coalesce(lost.so_far, '{}') || '{"outcome": "the server stopped"}')::integer;
  end loop;
  perform set_config('audit.actor_id', before[1], true), set_config('audit.actor_name', before[2], true);
  return ended;
end
$$;

comment on function audit.end_lost_exports() is
  'Records the end of exports whose session is gone: the process was killed, or the server. Returns how many there were.';
grant execute on function audit.end_lost_exports() to audit_web, audit_reader;
