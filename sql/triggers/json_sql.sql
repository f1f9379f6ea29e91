set local role audit_owner;

create or replace function audit.json_sql("table" regclass, row_name text, columns text[]) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- A type of somebody's own can have a cast to json, which to_jsonb() would run.
  select coalesce(string_agg(format('jsonb_build_object(%L, %s)', c.name, format(
      case when base.typnamespace = 'pg_catalog'::regnamespace and base.typtype in ('b', 'r', 'm')
        then 'to_jsonb(%1$s.%2$I::' || format_type(base.oid, null) || ')'
        else 'case when %1$s.%2$I is null then ''null'' else to_jsonb(concat(%1$s.%2$I)) end' end, row_name, c.name)), ' || '), '''{}''::jsonb')
  from audit.columns_of("table") c
  join pg_type declared on declared.oid = c.type
  join pg_type base on base.oid = case declared.typtype when 'd' then declared.typbasetype else declared.oid end
  where c.name = any (columns)
$$;

comment on function audit.json_sql(regclass, text, text[]) is
  'SQL for a JSON object of some columns of the row called row_name.';
