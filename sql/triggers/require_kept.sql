set local role audit_owner;

create or replace function audit.require_kept(schema_name text, table_name text, at timestamptz) returns void
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  gone audit.archives;
begin
  select a.* into gone from audit.archives a
  where schema_name || '.' || table_name = any (a.tables) and a.month <= at
    and not exists (
      select from audit.log l join audit.shapes s using (shape_id)
      where l.action = 'b' and l.occurred_at >= (a.month + interval '1 month') at time zone 'UTC' and l.occurred_at <= at
        and s.schema_name = require_kept.schema_name and s.table_name = require_kept.table_name)
  order by a.month desc limit 1;
  if found then
    raise exception 'audit.as_of: events of %.% of % have left the log', schema_name, table_name, to_char(gone.month, 'YYYY-MM')
      using errcode = 'object_not_in_prerequisite_state',
            detail = format('They are in %s.', gone.file),
            hint = format('For times from now on, record a baseline: select audit.track(%L, baseline => true).', schema_name || '.' || table_name);
  end if;
end
$$;

comment on function audit.require_kept(text, text, timestamptz) is
  'Refuses to tell how a table stood when events that it takes are in an archive, and no younger baseline makes up for them. Error: 55000, with the name of the file.';
