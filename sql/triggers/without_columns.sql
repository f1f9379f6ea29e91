set local role audit_owner;

create or replace function audit.without_columns(shape_id integer, stored text, columns text[]) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  object jsonb := case when starts_with(stored, '{') then stored::jsonb end;
  masks  jsonb;
  kept   text;
begin
  select jsonb_object_agg(f.key, '{"$masked": true}'::jsonb) into masks
  from jsonb_each(case when stored is not null then audit.text_fields(shape_id, stored) end) f where f.key = any (columns) and f.value <> 'null';
  if masks is null then  -- no row, or nothing to hide in it
    return stored;
  elsif object is not null and not object ? '$row' then  -- an imported row
    return (object || masks)::text;
  end if;
  execute format('select jsonb_populate_record(null::audit.plain_%1$s, audit.read_texts(%1$s, $1) - $2)::text', shape_id)
    into kept using coalesce(object ->> '$row', stored), columns;
  return jsonb_build_object('$row', kept, '$large', coalesce(object -> '$large', '{}') || masks)::text;
end
$$;

comment on function audit.without_columns(integer, text, text[]) is
  'A stored row with the mark of a masked value in place of what these columns held.';
