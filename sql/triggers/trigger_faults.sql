set local role audit_owner;

create or replace function audit.trigger_faults(tracked audit.tracked) returns table (missing boolean, disabled boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- Whatever else has that name, or a condition, or columns that it is limited to, is another trigger.
  select coalesce(bool_or(g.oid is null), true), coalesce(bool_or(g.tgenabled <> w.enabled), false)
  from audit.capture_triggers(tracked) w
  left join (pg_trigger g join pg_proc p on p.oid = g.tgfoid and p.pronamespace = 'audit'::regnamespace)
    on g.tgrelid = w.part and g.tgname = w.name and p.proname = w.function and g.tgtype = w.type
    and g.tgqual is null and coalesce(w.columns, '{}') = array(
      select a.attname::text from pg_attribute a where a.attrelid = g.tgrelid and a.attnum = any (g.tgattr) order by a.attname::text)
$$;

comment on function audit.trigger_faults(audit.tracked) is
  'Whether a capture trigger of a table, or of one of its partitions, is missing or not enabled as it should be.';
