set local role audit_owner;

create or replace function audit.read_row_field_by_field(shape_id integer, stored text) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD'
as $$
declare
  object jsonb := '{}';
  field  pg_attribute;
  value  text;
begin
  for field in
    select * from pg_attribute a where a.attrelid = format('audit.row_%s', shape_id)::regclass and a.attnum > 0 order by a.attnum
  loop
    execute format('select ($1::audit.plain_%s).%I', shape_id, field.attname) into value using stored;
    begin
      execute format('select $1 || jsonb_build_object(%L, $2::%s)', field.attname, format_type(field.atttypid, null))
        into object using object, value;
    exception when data_exception then
      object := object || jsonb_build_object(field.attname, value);
    end;
  end loop;
  return object;
end
$$;

comment on function audit.read_row_field_by_field(integer, text) is
  'A stored row as a JSON object, with as text what cannot be read with the type it was stored with: a composite type that has changed since, json that holds what jsonb cannot.';
grant execute on function audit.read_row_field_by_field(integer, text) to audit_web, audit_reader, audit_admin, audit_sealer;
