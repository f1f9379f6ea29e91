set local role audit_owner;

create or replace function audit.record_access(
  action       text,
  entity       text,
  record_id    text  default null,
  record_label text  default null,
  details      jsonb default '{}'
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if action is null or action not in ('sign_in', 'sign_in_failed', 'sign_out', 'denied')
     or entity is null or entity not in ('user', 'report') then
    raise exception 'audit.record_access: "%" of "%" is not the web application''s to record', action, entity
      using errcode = 'insufficient_privilege',
            hint = 'It records sign_in, sign_in_failed, sign_out and denied, of a user or of the report; audit.record_view() and audit.begin_export() do the rest.';
  end if;
  return audit.record_event(entity, action, record_id, record_label, details);
end
$$;

comment on function audit.record_access(text, text, text, text, jsonb) is
  'How the web application puts sign-ins, and what it denied, on record. Error: 42501 for any other action or entity.';
grant execute on function audit.record_access(text, text, text, text, jsonb) to audit_web;
