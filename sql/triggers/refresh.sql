set local role audit_owner;

create or replace function audit.refresh("table" regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.let_owner_read("table");
  perform audit.regenerate("table");
  perform audit.set_triggers("table");
  perform audit.finish_tracking("table");
end
$$;

comment on function audit.refresh(regclass) is
  'Generates capture of a table anew after its columns have changed, with the settings it has. In a table with hidden columns, new ones stay masked until audit.track() says otherwise. Needs ownership of the table. Error: 42704 when it is not tracked.';
grant execute on function audit.refresh(regclass) to audit_admin;
