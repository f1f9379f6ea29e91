set local role audit_owner;

create or replace function audit.untrack("table" regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.tracked_table("table");
  execute format('drop trigger if exists audit_capture on %s', "table");
  execute format('drop trigger if exists audit_capture_truncate on %s', "table");
  perform audit.forget_capture("table");
end
$$;

comment on function audit.untrack(regclass) is
  'Stops capture on a table and records that; its past events stay. Needs audit_admin and ownership of the table. Error: 42704 when it is not tracked.';
grant execute on function audit.untrack(regclass) to audit_admin;
