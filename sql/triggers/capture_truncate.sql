set local role audit_owner;

create or replace function audit.capture_truncate() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked;
begin
  select * into tracked from audit.tracked t
  where t.tracked_id = tg_argv[0]::integer
    and audit.tracked_relation(t.tracked_id) in (select * from pg_partition_ancestors(tg_relid) union select tg_relid);
  if not found then
    return null;  -- a former partition, or somebody's own use of this function
  end if;
  -- Partitions have this trigger too, for when one is truncated alone. One that was added since has not,
  -- and its rows are recorded here.
  perform audit.record_rows(tracked, 't', part.relid)
  from pg_partition_tree(tg_relid) part
  where part.isleaf and (part.relid = tg_relid or not exists (
    select from pg_trigger g where g.tgrelid = part.relid and g.tgfoid = 'audit.capture_truncate()'::regprocedure
      and g.tgenabled = 'A'));
  if not exists (select from pg_partition_tree(tg_relid)) then
    perform audit.record_rows(tracked, 't', tg_relid);
  end if;
  return null;
end
$$;

comment on function audit.capture_truncate() is
  'Trigger before TRUNCATE: records every row. Its argument is the number of the table in audit.tracked. Error: 40001 in a repeatable read transaction older than another''s commit.';
grant execute on function audit.capture_truncate() to audit_admin;
