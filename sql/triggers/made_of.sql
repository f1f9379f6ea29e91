set local role audit_owner;

create or replace function audit.made_of("table" regclass) returns text
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
begin
  -- Asked at the first write of every session: of most tables, one look at their columns is enough.
  perform from pg_attribute a where a.attrelid = "table" and a.attnum > 0 and (a.atttypid >= 16384 or a.attgenerated = 'v');
  if not found then
    return null;
  end if;
  return (with recursive used(type) as (
    -- What is built in does not change.
    select a.atttypid from pg_attribute a where a.attrelid = "table" and a.attnum > 0 and not a.attisdropped and a.atttypid >= 16384
    union
    select part
    from used u
    join pg_type t on t.oid = u.type
    cross join lateral (
      select t.typbasetype where t.typtype = 'd'
      union all
      select t.typelem where t.typcategory = 'A' and t.typelem <> 0
      union all
      select a.atttypid from pg_attribute a where a.attrelid = t.typrelid and t.typtype = 'c' and a.attnum > 0 and not a.attisdropped
    ) p(part)
  )
  select string_agg(part, '; ' order by part) from (
    select format('%s (%s)', t.oid::regtype, (
      select string_agg(format('%I %s', a.attname, a.atttypid::regtype), ', ' order by a.attnum)
      from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped))
    from used u join pg_type t on t.oid = u.type and t.typtype = 'c'
    union all
    select format('%I = %s', a.attname, pg_get_expr(d.adbin, d.adrelid))
    from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = "table" and a.attgenerated = 'v' and not a.attisdropped
  ) parts(part));
end
$$;

comment on function audit.made_of(regclass) is
  'What changes the rows of a table without a change of its columns: the attributes of composite types, the expressions of virtual columns. Null for most tables.';
grant execute on function audit.made_of(regclass) to audit_admin;
