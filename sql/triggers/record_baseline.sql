set local role audit_owner;

create or replace function audit.record_baseline("table" regclass) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'iso_8601'
set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C' set quote_all_identifiers = off
set row_security = off
as $$
begin
  return (
    select coalesce(sum(audit.record_rows(audit.tracked_table("table"), 'b', part.relid)), 0)
    from (select p.relid from pg_partition_tree("table") p where p.isleaf
          union select "table" where not exists (select from pg_partition_tree("table"))) part);
end
$$;

comment on function audit.record_baseline(regclass) is
  'Records every row that a tracked table holds now as a baseline event; returns how many. Error: 42704 when the table is not tracked.';
grant execute on function audit.record_baseline(regclass) to audit_admin;
