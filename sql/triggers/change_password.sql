set local role audit_owner;

create or replace function audit.change_password(user_id text, old_hash text, new_hash text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
begin
  update audit.web_users u set password_hash = new_hash
  where u.user_id = change_password.user_id and u.password_hash = old_hash and u.active;
  return found;
end
$$;

comment on function audit.change_password(text, text, text) is
  'Stores the hash of a new password, if the old one is still this. False when it has changed meanwhile, or the account is disabled.';
grant execute on function audit.change_password(text, text, text) to audit_web;
