set local role audit_owner;

create or replace function audit.export_details(filter jsonb, format text, reason text) returns jsonb
language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  details jsonb := jsonb_build_object('filter', filter, 'format', format, 'reason', reason);
begin
  -- A context has a size limit. Nobody may hide what left behind a filter, or a reason, that nothing can show.
  if length(details::text) > 10000 or not audit.is_bounded(details::text, details) then
    raise exception 'the filter and the reason of an export are too large to be kept on record'
      using errcode = 'program_limit_exceeded',
            detail = 'Together they may have 10000 characters, nested less than 100 deep.',
            hint = 'Export all and leave out what is not wanted, or ask in several parts.';
  end if;
  return details;
end
$$;

comment on function audit.export_details(jsonb, text, text) is
  'What an export was limited to, as it goes on record. Error: 54000 when that is too large to be shown.';
