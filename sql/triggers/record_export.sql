set local role audit_owner;

create or replace function audit.record_export(
  entity    text,
  row_count bigint,
  filter    jsonb default null,
  format    text  default null,
  reason    text  default null
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform audit.require_export_right(entity);
  if row_count is null or row_count < 0 then
    raise exception 'audit.record_export: row_count is %', coalesce(row_count::text, 'null')
      using errcode = 'invalid_parameter_value', hint = 'Give the number of records that left.';
  end if;
  return audit.record_event(entity, 'export', details => audit.export_details(filter, format, reason)
    || jsonb_build_object('row_count', row_count, 'reported_by', 'application'));
end
$$;

comment on function audit.record_export(text, bigint, jsonb, text, text) is
  'Records an export that an application made with its own SELECT: kind of record, how many, and what it was limited to. A claim; audit.request_export() gives proof. Errors: 42501 without audit.allow_export(), 22023 no or negative count, 54000 a filter that is too large.';
grant execute on function audit.record_export(text, bigint, jsonb, text, text) to public;
