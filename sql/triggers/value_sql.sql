set local role audit_owner;

create or replace function audit.value_sql("table" regclass, name text, value jsonb, imported boolean) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when value is null or value = 'null' then 'null'
    when imported and a.atttypid in ('json'::regtype, 'jsonb'::regtype) then quote_literal(value::text)
    -- Arrays and composites come as JSON from another system.
    when jsonb_typeof(value) in ('array', 'object')
      then format('(jsonb_populate_record(null::%s, %L)).%I', "table", jsonb_build_object(name, value), name)
    else quote_literal(value #>> '{}')
  end
  from pg_attribute a where a.attrelid = "table" and a.attname = name
$$;

comment on function audit.value_sql(regclass, text, jsonb, boolean) is
  'SQL for a value of a column: its text, or what was imported for it.';
