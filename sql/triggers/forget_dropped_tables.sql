set local role audit_owner;

create or replace function audit.forget_dropped_tables() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  gone      audit.tracked;
  forgotten integer := 0;
begin
  for gone in delete from audit.tracked t where audit.tracked_relation(t.tracked_id) is null returning t.* loop
    execute format('drop function if exists audit.%1$I(), audit.%2$I(), audit.%3$I(), audit.%4$I()',
                   gone.row_function, gone.row_function || '_inserts', gone.row_function || '_updates', gone.row_function || '_deletes');
    perform audit.record_event(gone.entity, 'configure', details =>
      jsonb_build_object('did', 'drop', 'schema_name', gone.schema_name, 'table_name', gone.table_name));
    forgotten := forgotten + 1;
  end loop;
  return forgotten;
end
$$;

comment on function audit.forget_dropped_tables() is
  'Stops tracking tables that are gone, and records that; their past events stay. Returns how many. Where event triggers may be created, it happens by itself.';
grant execute on function audit.forget_dropped_tables() to audit_admin;
