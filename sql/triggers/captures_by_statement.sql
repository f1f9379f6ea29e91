set local role audit_owner;

create or replace function audit.captures_by_statement("table" regclass) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- Partitions are written to directly, and a partition added later has only the root's row triggers.
  select c.relkind = 'r' and not c.relispartition
    -- A trigger after each inserted row may change it again: its event must not come before the insert's.
    and not exists (
      select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal
        and g.tgtype & 1 = 1 and g.tgtype & 2 = 0 and g.tgtype & 4 = 4 and g.tgname !~ '^!audit_')
    -- A transition table does not give the values of virtual columns.
    and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attgenerated = 'v' and not a.attisdropped)
  from pg_class c where c.oid = "table"
$$;

comment on function audit.captures_by_statement(regclass) is
  'Whether inserts into a table can be captured once per statement; otherwise each row is.';
grant execute on function audit.captures_by_statement(regclass) to audit_admin;
