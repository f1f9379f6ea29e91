set local role audit_owner;

create or replace function audit.renew_session(token_hash bytea, new_hash bytea) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  update audit.web_sessions s set token_hash = new_hash, authenticated_at = clock_timestamp()
  where s.token_hash = $1 and s.user_id is not null
$$;

comment on function audit.renew_session(bytea, bytea) is
  'Notes that the person of a session has just proved again who they are, and gives it another token: the old one is worth nothing from now on.';
grant execute on function audit.renew_session(bytea, bytea) to audit_web;
