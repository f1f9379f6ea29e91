set local role audit_owner;

create or replace function audit.add_hold(
  reason text, entity text default null, record_id text default null,
  since timestamptz default null, until timestamptz default null
) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  made integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit.add_hold', 0));
  select h.hold_id into made from audit.holds h
  where (h.entity, h.record_id, h.since, h.until, h.reason)
    is not distinct from (add_hold.entity, add_hold.record_id, add_hold.since, add_hold.until, add_hold.reason);
  if found then
    return made;
  end if;
  insert into audit.holds (entity, record_id, since, until, reason)
  values (entity, record_id, since, until, reason) returning hold_id into made;
  perform audit.record_event('log', 'configure', details => jsonb_build_object(
    'did', 'hold', 'hold', made, 'entity', entity, 'record_id', record_id, 'since', since, 'until', until, 'reason', reason));
  return made;
exception when check_violation or not_null_violation then
  raise exception 'audit.add_hold: a hold has a reason, and a record (entity and record_id) or a period (since and until)'
    using errcode = 'invalid_parameter_value', hint = 'For example: select audit.add_hold(''claim 17'', ''contact'', ''42'')';
end
$$;

comment on function audit.add_hold(text, text, text, timestamptz, timestamptz) is
  'Keeps the events of a record, or of a period, or of a record in a period, from leaving the log; returns the number of the hold, and records it. The same again is the same hold, and no event. Error: 22023 neither record nor period, or no reason.';
grant execute on function audit.add_hold(text, text, text, timestamptz, timestamptz) to audit_admin;
