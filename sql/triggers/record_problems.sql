set local role audit_owner;

create or replace function audit.record_problems(command text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  seen record;
begin
  -- In the middle of audit.track() nothing is wrong yet; its end comes here again.
  if exists (select from audit.tracked t where t.generating = pg_current_xact_id_if_assigned()) then
    return;
  end if;
  perform audit.forget_dropped_tables();
  for seen in
    select t.tracked_id, t.entity, t.schema_name, t.table_name, s.problem
    from audit.tracked t
    join audit.status() s on s.table_name = format('%I.%I', t.schema_name, t.table_name)
    where t.problem is distinct from s.problem
  loop
    update audit.tracked t set problem = seen.problem where t.tracked_id = seen.tracked_id;
    perform audit.record_event(seen.entity, 'configure', details => jsonb_build_object(
      'did', case when seen.problem is null then 'mend' else 'break' end, 'problem', seen.problem, 'command', command,
      'schema_name', seen.schema_name, 'table_name', seen.table_name));
  end loop;
  for seen in
    update audit.migrations m set broken = not m.broken
    where m.broken is distinct from (m.name in (select r.name from audit.replaced r))
    returning m.broken, split_part(m.name, '/', 2) as file
  loop
    perform audit.record_event('log', 'configure', details => jsonb_build_object(
      'did', case when seen.broken then 'break' else 'mend' end, 'file', seen.file, 'command', command));
  end loop;
end
$$;

comment on function audit.record_problems(text) is
  'Puts on record what has gone wrong with capture, or has been mended, since it was last looked at. command: what was run just now.';
