set local role audit_owner;

create or replace function audit.forget_capture("table" regclass) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table("table");
begin
  delete from audit.tracked t
  where t.schema_name = tracked.schema_name and t.table_name = tracked.table_name;
  execute format('drop function audit.%I(), audit.%I()', tracked.row_function, tracked.truncate_function);
  perform audit.record_event(tracked.entity, 'configure', details =>
    jsonb_build_object('did', 'untrack', 'schema_name', tracked.schema_name, 'table_name', tracked.table_name));
end
$$;

comment on function audit.forget_capture(regclass) is
  'Removes the capture functions of a table and records that. The inside of audit.untrack().';
grant execute on function audit.forget_capture(regclass) to audit_admin;
