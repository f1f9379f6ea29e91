set local role audit_owner;

create or replace function audit.trigger_faults(tracked audit.tracked) returns table (missing boolean, disabled boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with wanted as (
    -- As audit.set_triggers() makes them. 25 and 29: after each row; 5: after each inserted row; 4: after each
    -- inserting statement; 34: before truncate.
    select audit.tracked_relation(tracked.tracked_id) as part, w.*
    from (values
      ('audit_capture', tracked.row_function, case when tracked.by_statement then 25 else 29 end, 'A', true),
      ('audit_capture_inserts', tracked.row_function || '_inserts', 4, 'A', tracked.by_statement),
      ('audit_capture_replicated', tracked.row_function, 5, 'R', tracked.by_statement)) w(name, function, type, enabled, applies)
    where w.applies
    union all
    select p.relid, 'audit_capture_truncate', 'capture_truncate', 34, 'A', true
    from (select relid from pg_partition_tree(audit.tracked_relation(tracked.tracked_id))
          union select audit.tracked_relation(tracked.tracked_id)) p
    union all
    select p.relid, 'audit_capture', tracked.row_function, 29, 'A', true
    from pg_partition_tree(audit.tracked_relation(tracked.tracked_id)) p where p.isleaf and not tracked.by_statement
  )
  -- Whatever else has that name, or a condition, or columns that it is limited to, is another trigger.
  select coalesce(bool_or(g.oid is null), true), coalesce(bool_or(g.tgenabled::text <> w.enabled), false)
  from wanted w
  left join (pg_trigger g join pg_proc p on p.oid = g.tgfoid and p.pronamespace = 'audit'::regnamespace)
    on g.tgrelid = w.part and g.tgname = w.name and p.proname = w.function and g.tgtype = w.type
    and g.tgqual is null and g.tgattr = ''
$$;

comment on function audit.trigger_faults(audit.tracked) is
  'Whether a capture trigger of a table, or of one of its partitions, is missing or not enabled as it should be.';
