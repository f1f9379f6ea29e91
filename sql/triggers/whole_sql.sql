set local role audit_owner;

create or replace function audit.whole_sql("table" regclass, row_name text) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- An expression of a virtual column may use nothing but what is built in: it is safe to run as audit_owner.
  select format('(select %s)', string_agg(
      case when a.attgenerated = 'v' then format('(select %s from (select (%s).*) r) as %I', pg_get_expr(d.adbin, d.adrelid), row_name, a.attname)
        else format('(%s).%I', row_name, a.attname) end, ', ' order by a.attnum))
  from pg_attribute a
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = "table" and a.attnum > 0 and not a.attisdropped
  having bool_or(a.attgenerated = 'v')
$$;

comment on function audit.whole_sql(regclass, text) is
  'SQL for a row as a trigger has it, with its virtual columns computed. Null for a table that has none.';
