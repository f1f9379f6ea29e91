set local role audit_owner;

create or replace function audit.stored_sql(shape audit.shapes, row_name text, previous text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select format('row(%s)::text', string_agg(
    case when c.name = any (shape.masked) then audit.mark_sql(row_name, previous, c.name)
      else format('%s.%I', row_name, c.name) end, ', ' order by c.place))
  from unnest(shape.columns) with ordinality c(name, place)
$$;

comment on function audit.stored_sql(audit.shapes, text, text) is
  'SQL for a row in row notation, without the values of masked columns.';
