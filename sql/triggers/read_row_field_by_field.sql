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
  read   jsonb;
begin
  for field in
    select * from pg_attribute a where a.attrelid = format('audit.row_%s', shape_id)::regclass and a.attnum > 0 order by a.attnum
  loop
    execute format('select ($1::audit.plain_%s).%I', shape_id, field.attname) into value using stored;
    begin
      execute format('select to_jsonb($1::%s)', format_type(field.atttypid, null)) into read using value;
      -- Within arrays and composite values strings are quoted otherwise: there any number in a text counts.
      if length(value) >= 200 and jsonb_path_exists(read, 'strict $.**{99}')
          or field.atttypid = 'json'::regtype and not audit.is_bounded(value, read)
          or field.atttypid <> 'json'::regtype and value ~ '[0-9][eE][+-]?0*[1-9][0-9]{2}' and audit.contains_json(field.atttypid) then
        read := to_jsonb(value);
      end if;
    exception when data_exception or statement_too_complex then
      read := to_jsonb(value);
    end;
    object := object || jsonb_build_object(field.attname, read);
  end loop;
  return object;
end
$$;

comment on function audit.read_row_field_by_field(integer, text) is
  'A stored row as a JSON object, with as text what cannot be read with the type it was stored with: a composite type that has changed since, json that holds what jsonb cannot, or what is not bounded as audit.is_bounded() says.';
grant execute on function audit.read_row_field_by_field(integer, text) to audit_web, audit_reader, audit_admin, audit_sealer;
