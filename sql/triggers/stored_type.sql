set local role audit_owner;

-- A row is stored as text, so it can be read with other types than it was written with. Only types
-- that JSON tells apart are kept; the rest reads as the text it is. So an old row can still be read
-- when a type is gone, and reading runs no cast and no check of anybody's own type.
create or replace function audit.stored_type(type oid) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  t       pg_type;
  element text;
  fields  text;
  name    text;
begin
  select * into strict t from pg_type p where p.oid = type;
  if t.typtype = 'd' then
    return audit.stored_type(t.typbasetype);
  elsif type in ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype,
                 'numeric'::regtype, 'date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype,
                 'json'::regtype, 'jsonb'::regtype, 'int2vector'::regtype, 'oidvector'::regtype) then
    return format_type(type, null);
  elsif t.typtype = 'c' then
    select string_agg(format('%I %s', a.attname, audit.stored_type(a.atttypid)), ', ' order by a.attnum) into fields
    from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped;
    -- Named by what it is, so that equal ones are made once.
    name := 'part_' || left(md5(coalesce(fields, '')), 16);
    if to_regtype('audit.' || name) is null then
      execute format('create type audit.%I as (%s)', name, fields);
    end if;
    return 'audit.' || name;
  elsif t.typcategory = 'A' and t.typelem <> 0 then
    if (select p.typdelim from pg_type p where p.oid = t.typelem) <> ',' then
      return case when type < 16384 then format_type(type, null) else 'text' end;
    end if;
    element := audit.stored_type(t.typelem);
    return case when element like '%[]' then 'text[]' else element || '[]' end;
  end if;
  return 'text';
end
$$;

comment on function audit.stored_type(oid) is
  'The type with which a stored value of a type is read again: itself where JSON tells it from text, else text.';
