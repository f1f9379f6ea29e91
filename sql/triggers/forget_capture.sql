set local role audit_owner;

create or replace function audit.forget_capture("table" regclass) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table("table");
begin
  execute format('drop function audit.%1$I(), audit.%2$I(), audit.%3$I(), audit.%4$I(), audit.typed_%5$s, audit.key_%5$s, audit.stored_%5$s, audit.large_%5$s',
                 tracked.row_function, tracked.row_function || '_inserts', tracked.row_function || '_updates', tracked.row_function || '_deletes',
                 tracked.tracked_id);
  execute format('drop view audit.watch_%s', tracked.tracked_id);
  delete from audit.tracked t where t.tracked_id = tracked.tracked_id;
  perform audit.record_event(tracked.entity, 'configure', details =>
    jsonb_build_object('did', 'untrack', 'schema_name', tracked.schema_name, 'table_name', tracked.table_name));
end
$$;

comment on function audit.forget_capture(regclass) is
  'Removes what was generated for a table and records that. The inside of audit.untrack().';
grant execute on function audit.forget_capture(regclass) to audit_admin;
