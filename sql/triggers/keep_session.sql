set local role audit_owner;

create or replace function audit.keep_session(token_hash bytea, data jsonb) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  update audit.web_sessions s set data = $2 where s.token_hash = $1
$$;

comment on function audit.keep_session(bytea, jsonb) is
  'Keeps what the web application notes in a session between two requests. Error: 23514 for more than 8192 characters.';
grant execute on function audit.keep_session(bytea, jsonb) to audit_web;
