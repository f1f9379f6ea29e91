set local role audit_owner;

-- PostgreSQL fires triggers in the byte order of their names. "!" sorts before letters: a change is recorded
-- before what the table's own triggers make of it. "~" sorts after them: what they do before a TRUNCATE is
-- done by then.
create or replace function audit.capture_triggers(tracked audit.tracked)
returns table (part regclass, name text, function text, type smallint, enabled "char", columns text[], made_with text, cloned boolean)
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with root as (
    select audit.tracked_relation(tracked.tracked_id) as relation
  ), parts as (
    select coalesce(p.relid, root.relation) as part, p.relid <> root.relation and p.isleaf as leaf, not p.isleaf as parted
    from root left join lateral pg_partition_tree(root.relation) p on true
  ), moving as (
    -- Only an update of these moves a row. Where a partition is found by an expression, any may.
    select array_agg(distinct a.attname::text order by a.attname::text) filter (where a.attname is not null) as columns, bool_or(k.number = 0) as any
    from parts
    join pg_partitioned_table p on p.partrelid = parts.part
    cross join unnest(p.partattrs::smallint[]) k(number)
    left join pg_attribute a on a.attrelid = p.partrelid and a.attnum = k.number and k.number > 0
  )
  -- 25 and 29: after each row; 5: after each inserted row; 4: after each inserting statement; 34: before truncate;
  -- 18 and 16: before and after each updating statement.
  select root.relation, w.name, w.function, w.type::smallint, w.enabled, null::text[], w.made_with, false
  from root cross join (values
    ('!audit_capture', tracked.row_function, case when tracked.by_statement then 25 else 29 end, 'A'::"char",
     case when tracked.by_statement then 'after update or delete on %s for each row' else 'after insert or update or delete on %s for each row' end, true),
    ('!audit_capture_inserts', tracked.row_function || '_inserts', 4, 'A',
     'after insert on %s referencing new table as captured for each statement', tracked.by_statement),
    -- What logical replication applies fires no statement triggers.
    ('!audit_capture_replicated', tracked.row_function, 5, 'R', 'after insert on %s for each row', tracked.by_statement)
  ) w(name, function, type, enabled, made_with, applies)
  where w.applies
  union all
  -- Each partition may be truncated alone. Row triggers of the root are cloned to them by PostgreSQL.
  select parts.part, '~audit_capture_truncate', 'capture_truncate', 34, 'A', null, 'before truncate on %s for each statement', false from parts
  union all
  select parts.part, w.name, 'note_moves', w.type, 'A', case when not moving.any then moving.columns end,
    format('%s update%s on %%s for each statement', w.timing, case when not moving.any then
      ' of ' || (select string_agg(quote_ident(c), ', ') from unnest(moving.columns) c) end), false
  from parts cross join moving
  cross join (values ('!audit_moves_begin', 18, 'before'), ('!audit_moves_end', 16, 'after')) w(name, type, timing)
  where parts.parted
  union all
  select parts.part, '!audit_capture', tracked.row_function, 29, 'A', null, null, true from parts where parts.leaf
$$;

comment on function audit.capture_triggers(audit.tracked) is
  'The triggers that capture of a table consists of, as audit.set_triggers() makes them and audit.status() expects them. cloned: PostgreSQL makes it.';
grant execute on function audit.capture_triggers(audit.tracked) to audit_admin;
