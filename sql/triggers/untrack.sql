set local role audit_owner;

create or replace function audit.untrack("table" regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  part regclass;
  name name;
begin
  perform audit.tracked_table("table");
  execute format('lock table %s in access exclusive mode', "table");
  for part, name in
    select g.tgrelid, g.tgname from pg_trigger g
    where g.tgfoid in (select p.oid from pg_proc p where p.pronamespace = 'audit'::regnamespace) and g.tgparentid = 0
      and (g.tgrelid = "table" or g.tgrelid in (select p.relid from pg_partition_tree("table") p))
  loop
    execute format('drop trigger %I on %s', name, part);
  end loop;
  perform audit.forget_capture("table");
end
$$;

comment on function audit.untrack(regclass) is
  'Stops capture on a table and records that; its past events stay. Its lock ACCESS EXCLUSIVE blocks readers and writers until the transaction ends. Needs audit_admin and ownership of the table. Error: 42704 when it is not tracked.';
grant execute on function audit.untrack(regclass) to audit_admin;
