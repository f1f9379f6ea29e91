set local role audit_owner;

create or replace function audit.contains_json(type oid) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  with recursive used(type) as (
    select contains_json.type
    union
    select p.part
    from used u
    join pg_type t on t.oid = u.type
    cross join lateral (
      select t.typelem where t.typcategory = 'A'
      union all
      select a.atttypid from pg_attribute a where a.attrelid = t.typrelid and t.typtype = 'c' and a.attnum > 0
    ) p(part)
  )
  select exists (select from used u where u.type = 'json'::regtype)
$$;

comment on function audit.contains_json(oid) is
  'Whether values of a type, or a part of them, are json, which keeps numbers as they were written.';
