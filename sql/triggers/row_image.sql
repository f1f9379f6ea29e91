set local role audit_owner;

create or replace function audit.row_image(shape_id integer, masked text[], stored text) returns jsonb
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  fields jsonb;
begin
  if stored is null then
    return null;
  elsif cardinality(masked) > 0 then
    fields := audit.row_fields(shape_id, stored);
    return fields || coalesce(
      (select jsonb_object_agg(m, '{"$masked": true}'::jsonb) from unnest(masked) m where fields ? m), '{}');
  end if;
  return audit.row_fields(shape_id, stored);
end
$$;

comment on function audit.row_image(integer, text[], text) is
  'A stored row as the report shows it: a JSON object, with {"$masked": true} for masked columns.';
grant execute on function audit.row_image(integer, text[], text) to audit_web, audit_reader, audit_admin, audit_sealer;
