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
  -- Found out once, however often it is mentioned below.
  with seen as materialized (
    select
      t.*,
      audit.tracked_relation(t.tracked_id) as relation,
      not faults.missing as present,
      not faults.missing and not faults.disabled as always,
      audit.function_checksum(t) is not distinct from t.checksum as unchanged,
      audit.captures_by_statement(t, audit.tracked_relation(t.tracked_id)) is distinct from t.by_statement as other_triggers,
      audit.is_current(t.shape_id) as current,
      array(
        (select unnest(known.list) except select unnest(present.list))
        union all
        (select unnest(present.list) except select unnest(known.list))) as drifted
    from audit.tracked t
    cross join lateral audit.trigger_faults(t) faults
    cross join lateral (
      select array(select concat_ws(' ', c.name, c.type) from unnest(s.columns, s.types) c(name, type)) as list
      from audit.shapes s where s.shape_id = t.shape_id) known
    cross join lateral (
      select array(select concat_ws(' ', c.name, c.type) from audit.columns_of(audit.tracked_relation(t.tracked_id)) c
                   where c.name <> all (t.exclude)) as list) present
  )
  select
    format('%I.%I', s.schema_name, s.table_name),
    s.entity,
    s.present,
    s.always,
    s.unchanged,
    case when s.relation is null then '{}' else s.drifted end,
    s.since,
    audit.last_event(s.tracked_id, s.since),
    case
      when s.relation is null then 'The table is gone: run audit.forget_dropped_tables().'
      when s.other_triggers and c.relispartition
        then format('The table has become a partition, and what is written through the whole table goes unrecorded: run audit.untrack(%L), then audit.track(%L).',
                    s.relation::regclass::text, pg_partition_root(s.relation)::text)
      when s.other_triggers and exists (select from pg_inherits i where i.inhrelid = s.relation)
        then format('The table has become a child of another one, and what is changed through that one goes unrecorded: run audit.refresh(%L).',
                    s.relation::regclass::text)
      else case
        when not s.present then 'A capture trigger is missing, changes go unrecorded'
        when not s.always then 'A capture trigger is switched off, changes go unrecorded'
        when not s.unchanged then 'The capture function is not the one that was generated'
        when cardinality(s.drifted) > 0 then 'Columns have changed since capture was set up'
        when not s.current then 'The table''s name or key has changed since capture was set up, or what a type consists of'
        when s.other_triggers then 'What happens after its rows are written, by triggers of its own or by foreign keys, has changed since capture was set up'
      end || format(': run audit.track(%L) again.', s.relation::regclass::text)
    end
  from seen s left join pg_class c on c.oid = s.relation
  union all
  select 'audit.log_default', null, true, true, true, '{}', null, null,
    'Events have fallen into the default partition: run auditlog migrate.'
  where exists (select from audit.log_default)
  union all
  select 'audit.' || case r.name when 'triggers/watch_ddl.sql' then 'audit_follow_ddl' else split_part(split_part(r.name, '/', 2), '.', 1) end,
    null, true, r.name <> 'triggers/watch_ddl.sql', false, '{}', null, null, case r.name when 'triggers/watch_ddl.sql'
      then 'The event trigger that follows changes of tables is gone or switched off: run auditlog migrate as a superuser.'
      else 'This function is gone, or not the one that was installed: run auditlog migrate.' end
  from audit.replaced r
  union all
  select format('audit.%I', a.name), null, true, true, false, '{}', null, null,
    'This table or view is gone, or not as it was made: find out who changed it and what for, and put it back.'
  from audit.altered a
  union all
  select format('audit.%I', part.relname), null, count(g.oid) = 2, false, true, '{}', null, null,
    'The guard that keeps the log append-only is switched off: run auditlog migrate.'
  from pg_class part
  left join pg_trigger g on g.tgrelid = part.oid and g.tgname in ('refuse_mutation', 'refuse_truncate') and g.tgenabled = 'A'
    and g.tgfoid = 'audit.refuse_mutation()'::regprocedure
  where part.oid in (select relid from pg_partition_tree('audit.log'))
    or part.oid = any ('{audit.leaves,audit.nodes,audit.checkpoints,audit.incarnations}'::regclass[])
  group by part.relname
  having count(g.oid) < 2
  union all
  select part.relid::regclass::text, null, false, true, true, '{}', null, null,
    'A trigger or rule that is no part of the audit log can keep events from it: drop it.'
  from pg_partition_tree('audit.log') part
  where exists (select from pg_trigger g where g.tgrelid = part.relid and not g.tgisinternal and g.tgfoid <> 'audit.refuse_mutation()'::regprocedure)
    or exists (select from pg_rewrite r where r.ev_class = part.relid)
  union all
  select 'audit.checkpoints', null, true, true, true, '{}', null, null, s.problem
  from audit.sealing_status() s where s.problem is not null
  order by 1
$$;

comment on function audit.status() is
  'Whether capture is whole: one row per tracked table; "problem" is null when all is well, else it says what to do.';
grant execute on function audit.status() to audit_admin, audit_web, audit_reader, audit_sealer;
