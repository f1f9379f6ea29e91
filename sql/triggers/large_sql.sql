set local role audit_owner;

create or replace function audit.large_sql(shape audit.shapes, row_name text, previous text) returns text
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  -- Each value is converted once, and looked at by its size and digest from then on: it may be most of the memory.
  with columns as (
    select c.place, c.name, c.name = any (shape.masked) as masked, format('%s.%I', row_name, c.name) as value,
      format('"$sized"."%s"', c.place) as bytes,
      case c.type
        -- The text of a bytea is twice its size, and may be more than a text can hold.
        when 'bytea' then format('%s.%I', row_name, c.name)
        when 'text' then format('convert_to(%s.%I, ''UTF8'')', row_name, c.name)
        else format('convert_to(concat(%s.%I), ''UTF8'')', row_name, c.name) end as converted
    from unnest(shape.columns, shape.types) with ordinality c(name, type, place)
  )
  select format('(select case when %1$s then jsonb_build_object(''$row'', row(%2$s)::text, ''$large'', ('
    'select jsonb_object_agg(v.name, jsonb_build_object(''$size'', octet_length(v.bytes), ''$sha256'', encode(sha256(v.bytes), ''hex''))) '
    'from (values %3$s) v(name, bytes) where octet_length(v.bytes) > 1048576))::text else %4$s end from (select %5$s offset 0) "$sized")',
    coalesce(string_agg(format('octet_length(%s) > 1048576', c.bytes), ' or ') filter (where not c.masked), 'false'),
    string_agg(case when c.masked then audit.mark_sql(row_name, previous, c.name)
      else format('case when octet_length(%s) > 1048576 then null else %s end', c.bytes, c.value) end, ', ' order by c.place),
    coalesce(string_agg(format('(%L, %s)', c.name, c.bytes), ', ') filter (where not c.masked), '(null, null::bytea)'),
    audit.stored_sql(shape, row_name, previous),
    string_agg(format('%s as "%s"', c.converted, c.place), ', ') filter (where not c.masked))
  from columns c
$$;

comment on function audit.large_sql(audit.shapes, text, text) is
  'SQL for a row as audit.stored_sql() writes it, but with size and SHA-256 in place of each value over 1 MiB.';
