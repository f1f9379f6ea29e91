set local role audit_owner;

create or replace function audit.row_fields(shape_id integer, stored text) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'iso_8601'
set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C'
as $$
declare
  object jsonb;
  fields jsonb;
begin
  if starts_with(stored, '{') then
    object := stored::jsonb;
    if object ? '$row' then  -- one of its values was too large to keep
      return audit.row_fields(shape_id, object ->> '$row') || (object -> '$large');
    end if;
    return object;
  end if;
  fields := audit.read_row(shape_id, stored);
  if length(stored) < 200 or not jsonb_path_exists(fields, 'strict $.**{100}') then
    return fields;
  end if;
  return audit.read_row_field_by_field(shape_id, stored);
exception when untranslatable_character or numeric_value_out_of_range or invalid_text_representation or statement_too_complex then
  return audit.read_row_field_by_field(shape_id, stored);
end
$$;

comment on function audit.row_fields(integer, text) is
  'A stored row as a JSON object. Masked columns hold what is stored for them: * or **.';
grant execute on function audit.row_fields(integer, text) to audit_web, audit_reader, audit_admin, audit_sealer;
