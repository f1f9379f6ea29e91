set local role audit_owner;

create or replace function audit.read_row_with_json_as_text(shape_id integer, stored text) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD'
as $$
declare
  object jsonb;
begin
  execute (
    select format('select %s from (select ($1::audit.row_%s).*) r', string_agg(format(
      case when c.type = 'json' then 'jsonb_build_object(%1$L, r.%1$I::text)' else 'jsonb_build_object(%1$L, r.%1$I)' end,
      c.name), ' || '), s.shape_id)
    from audit.shapes s cross join unnest(s.columns, s.types) c(name, type)
    where s.shape_id = read_row_with_json_as_text.shape_id
    group by s.shape_id)
    into object using stored;
  return object;
end
$$;

comment on function audit.read_row_with_json_as_text(integer, text) is
  'A stored row as a JSON object when its json holds what jsonb cannot: an escaped NUL, a number without end.';
grant execute on function audit.read_row_with_json_as_text(integer, text) to audit_web, audit_reader, audit_admin, audit_sealer;
