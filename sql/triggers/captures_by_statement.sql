set local role audit_owner;

create or replace function audit.captures_by_statement(tracked audit.tracked, "table" regclass) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select array(
    select a.action from (values ('insert', 4), ('update', 16), ('delete', 8)) a(action, bit)
    -- Partitions are written to directly, and a partition added later has only the root's row triggers.
    where c.relkind = 'r' and not c.relispartition
      -- What is written through a parent fires only the parent's statement triggers. An insert never is.
      and (a.action = 'insert' or not exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent)))
      -- Whether a masked value was changed is told from both rows, which are only side by side in a row trigger. A
      -- column may be masked for its name alone, beside hidden ones.
      and (a.action <> 'update' or cardinality((audit.shape_now(tracked, "table")).masked) = 0)
      -- Where foreign keys both change and delete its rows, what they do within one statement is one update and one
      -- delete, whose triggers may fire in either order: a row would be changed after it was deleted.
      and (a.action <> 'update' or not coalesce((
        select bool_or(f.confupdtype in ('c', 'n', 'd') or f.confdeltype in ('n', 'd')) and bool_or(f.confdeltype = 'c')
        from pg_constraint f where f.conrelid = c.oid and f.contype = 'f'), false))
      -- A transition table does not give the values of virtual columns.
      and not exists (select from pg_attribute v where v.attrelid = c.oid and v.attgenerated = 'v' and not v.attisdropped)
      -- What happens after each row may change it again: that event must not come before the row's own.
      and not exists (
        select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal
          and g.tgtype & 1 = 1 and g.tgtype & 2 = 0 and g.tgtype & a.bit > 0 and g.tgname !~ '^!audit_')
      and not exists (
        select from pg_constraint f where f.confrelid = c.oid and f.contype = 'f'
          and case a.action when 'update' then f.confupdtype when 'delete' then f.confdeltype end in ('c', 'n', 'd')))
  from pg_class c where c.oid = "table"
$$;

comment on function audit.captures_by_statement(audit.tracked, regclass) is
  'The actions on a table that can be captured once per statement: those after whose rows nothing else happens, no trigger of its own and no cascade of a foreign key. Of the others, each row is.';
grant execute on function audit.captures_by_statement(audit.tracked, regclass) to audit_admin;
