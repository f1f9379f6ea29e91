set local role audit_owner;

create or replace function audit.redeem_password_link(token_hash bytea, password_hash text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
declare
  person text := audit.password_link(token_hash);
begin
  -- Of two at once, one finds it gone.
  delete from audit.password_links l where l.token_hash = redeem_password_link.token_hash;
  if not found or person is null then
    return false;
  end if;
  update audit.web_users u set password_hash = redeem_password_link.password_hash where u.user_id = person;
  return found;
end
$$;

comment on function audit.redeem_password_link(bytea, text) is
  'Uses a link up and stores the hash of the new password. False when the link is not valid (any more).';
grant execute on function audit.redeem_password_link(bytea, text) to audit_web;
