set local role audit_owner;

create or replace function audit.columns_of("table" regclass) returns text[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) order by a.attnum), '{}')
  from pg_attribute a
  where a.attrelid = "table" and a.attnum > 0 and not a.attisdropped
$$;

comment on function audit.columns_of(regclass) is 'Columns of a table with their types, in order.';
