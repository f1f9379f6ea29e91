set local role audit_owner;

create or replace function audit.note_export(begun bigint, so_far jsonb) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  with noted as (
    update audit.exports x set so_far = note_export.so_far
    from audit.log l
    where x.event_id = begun and x.ended_event is null and l.event_id = begun and l.db_user = session_user
    returning 1
  )
  select exists (select from noted)
$$;

comment on function audit.note_export(bigint, jsonb) is
  'Notes what has left of an export of the report that is running, in case its end never comes: false when it has ended, or when another login began it.';
grant execute on function audit.note_export(bigint, jsonb) to audit_web, audit_reader;
