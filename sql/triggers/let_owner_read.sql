set local role audit_owner;

-- Runs as its caller, who owns the table.
create or replace function audit.let_owner_read("table" regclass) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  schema regnamespace := (select c.relnamespace from pg_class c where c.oid = "table");
begin
  -- TRUNCATE, baselines and export tickets read the table as audit_owner.
  if not has_schema_privilege('audit_owner', schema, 'usage') then
    execute format('grant usage on schema %s to audit_owner', schema);
  end if;
  if not has_table_privilege('audit_owner', "table", 'select') then
    execute format('grant select on %s to audit_owner', "table");
  end if;
end
$$;

comment on function audit.let_owner_read(regclass) is
  'Lets audit_owner read a tracked table, also after it has moved to another schema. The inside of audit.track() and audit.refresh().';
grant execute on function audit.let_owner_read(regclass) to audit_admin;
