set local role audit_owner;

create or replace function audit.text_fields(shape_id integer, stored text) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  object jsonb;
begin
  if starts_with(stored, '{') then
    object := stored::jsonb;
    if object ? '$row' then  -- one of its values was too large to keep
      return audit.read_texts(shape_id, object ->> '$row') || (object -> '$large');
    end if;
    return object;
  end if;
  return audit.read_texts(shape_id, stored);
end
$$;

comment on function audit.text_fields(integer, text) is
  'A stored row as a JSON object of texts, each as its type writes it: nothing is lost between JSON null and no value, or of the bounds of an array. An imported row is as it was imported.';
grant execute on function audit.text_fields(integer, text) to audit_web, audit_reader, audit_admin, audit_sealer;
