set local role audit_owner;

create or replace function audit.record_baseline("table" regclass) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'iso_8601'
set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C' set row_security = off
as $$
declare
  tracked  audit.tracked := audit.tracked_table("table");
  recorded bigint;
begin
  execute format(
    'insert into audit.events (entity, schema_name, table_name, record_id, record_label, action, after) '
    'select %s, ''baseline'', %s from (select to_jsonb(present.*) as is_now from %s%s present) rows',
    audit.row_sql(tracked, 'is_now', 'is_now'), audit.redact_sql(tracked, 'is_now'),
    (select case when c.relkind = 'p' then '' else 'only ' end from pg_class c where c.oid = "table"), "table");
  get diagnostics recorded = row_count;
  return recorded;
end
$$;

comment on function audit.record_baseline(regclass) is
  'Records every row that a tracked table holds now as a baseline event; returns how many. Error: 42704 when the table is not tracked.';
grant execute on function audit.record_baseline(regclass) to audit_admin;
