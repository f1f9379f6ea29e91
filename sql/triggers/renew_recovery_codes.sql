set local role audit_owner;

create or replace function audit.renew_recovery_codes(user_id text, code_hashes bytea[]) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
begin
  delete from audit.recovery_codes r where r.user_id = renew_recovery_codes.user_id;
  insert into audit.recovery_codes (user_id, code_hash)
  select t.user_id, unnest(code_hashes) from audit.totp t where t.user_id = renew_recovery_codes.user_id;
  perform audit.record_event('user', 'configure', user_id,
    (select u.name from audit.web_users u where u.user_id = renew_recovery_codes.user_id),
    '{"did": "renew_recovery_codes"}');
end
$$;

comment on function audit.renew_recovery_codes(text, bytea[]) is
  'Puts new recovery codes, as SHA-256, in place of the old ones. It is an event.';
grant execute on function audit.renew_recovery_codes(text, bytea[]) to audit_web;
