set local role audit_owner;

create or replace function audit.start_totp(user_id text, secret bytea, count bigint, code_hashes bytea[])
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
begin
  insert into audit.totp as t (user_id, secret, last_count) values (start_totp.user_id, start_totp.secret, count)
  on conflict do nothing;
  if not found then
    return false;
  end if;
  insert into audit.recovery_codes (user_id, code_hash) select start_totp.user_id, unnest(code_hashes);
  perform audit.record_event('user', 'configure', user_id,
    (select u.name from audit.web_users u where u.user_id = start_totp.user_id), '{"did": "start_totp"}');
  return true;
end
$$;

comment on function audit.start_totp(text, bytea, bigint, bytea[]) is
  'Stores a TOTP secret, encrypted, with the time step of the code that proved it and the SHA-256 of each recovery code. False when the person has one: it must be removed first. It is an event.';
grant execute on function audit.start_totp(text, bytea, bigint, bytea[]) to audit_web;
