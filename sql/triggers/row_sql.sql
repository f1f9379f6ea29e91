set local role audit_owner;

create or replace function audit.row_sql("table" regclass, fields text, only_column text default null) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- By way of row notation, so that each type reads its own text.
  select format('row(%s)::text::%s', string_agg(
    case when only_column <> a.attname then 'null' else format('%s ->> %L', fields, a.attname) end, ', ' order by a.attnum), "table")
  from pg_attribute a where a.attrelid = "table" and a.attnum > 0 and not a.attisdropped
$$;

comment on function audit.row_sql(regclass, text, text) is
  'SQL for a row of a table, from a JSON object with the text of each column. only_column: with this one and no other.';
grant execute on function audit.row_sql(regclass, text, text) to audit_reader, audit_admin;
