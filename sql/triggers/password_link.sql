set local role audit_owner;

create or replace function audit.password_link(token_hash bytea) returns text
language sql stable security definer
set search_path = pg_catalog, pg_temp
set row_security = off
as $$
  select u.user_id
  from audit.password_links l
  join audit.web_users u on u.user_id = l.user_id and u.active
  where l.token_hash = password_link.token_hash and l.expires_at > clock_timestamp()
$$;

comment on function audit.password_link(bytea) is
  'Whose password the link with this hash changes; null when it is used, expired, replaced or made up, or the account is disabled.';
grant execute on function audit.password_link(bytea) to audit_web;
