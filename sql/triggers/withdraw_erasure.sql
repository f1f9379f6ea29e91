set local role audit_owner;

create or replace function audit.withdraw_erasure(erasure_id bigint, session_hash bytea default null) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  person text := audit.erasing_person(session_hash);
  wanted audit.erasures := audit.open_erasure(erasure_id);
begin
  update audit.erasures e set withdrawn_by = person, closed_at = clock_timestamp() where e.erasure_id = wanted.erasure_id;
  perform audit.record_event(wanted.entity, 'erase', wanted.record_id, details => jsonb_build_object(
    'did', 'withdraw', 'request', wanted.erasure_id, 'withdrawn_by', person));
end
$$;

comment on function audit.withdraw_erasure(bigint, bytea) is
  'Closes a request without erasing anything, and records that. Whoever may erase may do so. Errors: 42501 may not erase, P0002 no such request, 55000 closed already.';
grant execute on function audit.withdraw_erasure(bigint, bytea) to audit_web, audit_admin;
