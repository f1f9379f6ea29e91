set local role audit_owner;

create or replace function audit.known_fields(shape_id integer, masked text[], stored text, changed boolean default false) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  fields jsonb := audit.text_fields(shape_id, stored);
  object jsonb;
begin
  if starts_with(stored, '{') then
    object := stored::jsonb;
    if object ? '$row' then
      fields := fields - array(select jsonb_object_keys(object -> '$large'));
    else
      fields := fields - array(select f.key from jsonb_each(fields) f where f.value = '{"$masked": true}');
    end if;
  end if;
  if changed then
    fields := fields || coalesce((
      select jsonb_object_agg(f.key, f.value) from jsonb_each(audit.row_fields(shape_id, stored)) f
      where fields ? f.key and jsonb_typeof(f.value) in ('array', 'object')), '{}');
  end if;
  return fields - coalesce(masked, '{}');
end
$$;

comment on function audit.known_fields(integer, text[], text, boolean) is
  'A stored row as audit.text_fields() gives it, without what is not stored in full: masked and very large values. changed: its composite types have other attributes by now, so that names must tell which is which.';
