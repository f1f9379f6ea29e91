set local role audit_owner;

create or replace function audit.status() returns table (
  table_name         text,
  entity             text,
  triggers_present   boolean,
  enabled_always     boolean,
  function_unchanged boolean,
  drifted_columns    text[],
  tracked_since      timestamptz,
  last_event         timestamptz,
  problem            text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  with seen as (
    select
      t.*,
      c.oid as relid,
      -- 29: after each row, on insert, delete and update; 34: before each truncate. Whatever else has
      -- that name, or a condition, or columns that it is limited to, is another trigger.
      (select count(*) from pg_trigger g join pg_proc p on p.oid = g.tgfoid
       where g.tgrelid = c.oid and p.pronamespace = 'audit'::regnamespace and g.tgqual is null and g.tgattr = ''
         and (g.tgname, p.proname, g.tgtype) in (
           ('audit_capture', t.row_function, 29), ('audit_capture_truncate', t.truncate_function, 34))) = 2 as present,
      (select count(*) from pg_trigger g
       where g.tgrelid = c.oid and g.tgname in ('audit_capture', 'audit_capture_truncate') and g.tgenabled = 'A') = 2
        and not exists (select from pg_partition_tree(c.oid) leaf join pg_trigger g on g.tgrelid = leaf.relid
                        where g.tgname = 'audit_capture' and g.tgenabled <> 'A') as always,
      audit.function_checksum(t.row_function) is not distinct from t.row_checksum
        and audit.function_checksum(t.truncate_function) is not distinct from t.truncate_checksum as unchanged,
      case when c.oid is null then '{}' else array(
        (select unnest(t.columns) except select unnest(audit.columns_of(c.oid)))
        union all
        (select unnest(audit.columns_of(c.oid)) except select unnest(t.columns))) end as drifted
    from audit.tracked t
    left join pg_namespace n on n.nspname = t.schema_name
    left join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name
  )
  select
    format('%I.%I', s.schema_name, s.table_name),
    s.entity,
    s.present,
    s.always,
    s.unchanged,
    s.drifted,
    s.since,
    (select e.occurred_at from audit.events e
     where e.schema_name = s.schema_name and e.table_name = s.table_name
     order by e.occurred_at desc limit 1),
    case
      when s.relid is null then 'The table is gone or has another name: run audit.track() on the new name.'
      when not s.present then 'A capture trigger is missing, changes go unrecorded: run audit.track() again.'
      when not s.always then 'A capture trigger is switched off, changes go unrecorded: run audit.track() again.'
      when not s.unchanged then 'The capture function is not the one that was generated: run audit.track() again.'
      when cardinality(s.drifted) > 0 then 'Columns have changed since capture was set up: run audit.track() again.'
    end
  from seen s
  union all
  select 'audit.events_default', null, true, true, true, '{}', null, null,
    'Events have fallen into the default partition: run auditlog migrate.'
  where exists (select from audit.events_default)
  union all
  select 'audit.events', null,
    count(*) > 0, false, true, '{}', null, null,
    'The guard that keeps the log append-only is switched off: run auditlog migrate.'
  from pg_trigger g
  where g.tgrelid = 'audit.events'::regclass and g.tgname in ('refuse_mutation', 'refuse_truncate')
  having count(*) filter (where g.tgenabled = 'A') < 2
  order by 1
$$;

comment on function audit.status() is
  'Whether capture is whole: one row per tracked table; "problem" is null when all is well, else it says what to do.';
grant execute on function audit.status() to audit_admin, audit_web, audit_reader;
