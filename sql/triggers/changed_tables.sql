set local role audit_owner;

create or replace function audit.changed_tables() returns setof regclass
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select relation
  from audit.tracked t
  cross join lateral (select audit.tracked_relation(t.tracked_id)) r(relation)
  where relation is not null
    -- What generates capture runs commands, too. None of these is followed, or there might be no end to it.
    and not exists (select from audit.tracked g where g.generating = pg_current_xact_id_if_assigned())
    and (not audit.is_current(t.shape_id)
      or audit.captures_by_statement(t, relation) is distinct from t.by_statement
      -- A new partition has no trigger for its own TRUNCATE yet. A trigger that was dropped is not put back.
      or exists (
        select from pg_event_trigger_ddl_commands() c
        where c.command_tag in ('CREATE TABLE', 'ALTER TABLE') and c.objid <> relation
          and c.objid in (select p.relid from pg_partition_tree(relation) p)
          and not exists (select from pg_trigger g where g.tgrelid = c.objid and g.tgfoid = 'audit.capture_truncate()'::regprocedure)))
$$;

comment on function audit.changed_tables() is
  'Tracked tables whose capture must be generated anew after the command that just ran. In an event trigger only.';
