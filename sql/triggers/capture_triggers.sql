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
  ), actions as (
    select a.*, a.action = any (tracked.by_statement) as by_statement
    from (values ('insert', 'inserts', 4, 'new table as captured'), ('delete', 'deletes', 8, 'old table as captured'),
                 ('update', 'updates', 16, 'old table as previous new table as captured')) a(action, plural, bit, tables)
  ), moving as (
    -- Only an update of these moves a row. Where a partition is found by an expression, any may.
    select array_agg(distinct a.attname::text order by a.attname::text) filter (where a.attname is not null) as columns, bool_or(k.number = 0) as any
    from parts
    join pg_partitioned_table p on p.partrelid = parts.part
    cross join unnest(p.partattrs::smallint[]) k(number)
    left join pg_attribute a on a.attrelid = p.partrelid and a.attnum = k.number and k.number > 0
  )
  -- Types: 1 for each row, 4 insert, 8 delete, 16 update; 34: before truncate; 18 and 16: before and after
  -- each updating statement.
  select root.relation, '!audit_capture_' || a.plural, tracked.row_function || '_' || a.plural, a.bit::smallint, 'A'::"char", null::text[],
    format('after %s on %%s referencing %s for each statement', a.action, a.tables), false
  from root join actions a on a.by_statement
  union all
  -- What logical replication applies fires no statement triggers.
  select root.relation, case when a.by_statement then '!audit_capture_replicated' else '!audit_capture' end, tracked.row_function,
    (1 + sum(a.bit))::smallint, case when a.by_statement then 'R' else 'A' end::"char", null,
    format('after %s on %%s for each row', string_agg(a.action, ' or ' order by a.bit)), false
  from root cross join actions a group by root.relation, a.by_statement
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
