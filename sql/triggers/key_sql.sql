set local role audit_owner;

create or replace function audit.key_sql(shape audit.shapes, row_name text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  with columns as (
    select c.name, case
      when c.type = any ('{boolean,smallint,integer,bigint,numeric}') then format('%s.%I', row_name, c.name)
      when c.type = any ('{text,uuid,"character varying",date}') then format('%s.%I::text', row_name, c.name)
      -- concat() writes a value with its type's own output function: a cast could be somebody else's code.
      else format('nullif(concat(%s.%I), '''')', row_name, c.name) end as value,
      c.type = any ('{boolean,smallint,integer,bigint,uuid,date}') as short
    from unnest(shape.columns, shape.types) c(name, type)
  )
  select case
    when shape.parent is not null then (
      select format(case when c.short then '(%s)::text' else 'audit.short_key((%s)::text)' end, c.value)
      from columns c where c.name = shape.parent)
    when cardinality(shape.key) = 0 then 'null::text'
    when cardinality(shape.key) = 1 then (
      select format(case when c.short then '(%s)::text' else 'audit.short_key((%s)::text)' end, c.value)
      from columns c where c.name = shape.key[1])
    else format('audit.short_key(jsonb_build_array(%s)::text)', (
      select string_agg(c.value, ', ' order by k.place)
      from unnest(shape.key) with ordinality k(name, place) join columns c on c.name = k.name))
  end
$$;

comment on function audit.key_sql(audit.shapes, text) is 'SQL for the record_id of the row called row_name.';
