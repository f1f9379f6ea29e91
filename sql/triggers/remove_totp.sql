set local role audit_owner;

create or replace function audit.remove_totp(user_id text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
begin
  delete from audit.totp t where t.user_id = remove_totp.user_id;
  if not found then
    return false;
  end if;
  perform audit.record_event('user', 'configure', user_id,
    (select u.name from audit.web_users u where u.user_id = remove_totp.user_id), '{"did": "remove_totp"}');
  return true;
end
$$;

comment on function audit.remove_totp(text) is
  'Takes the second step of signing in away from a person, with the recovery codes. False when there was none. It is an event.';
grant execute on function audit.remove_totp(text) to audit_web, audit_admin;
