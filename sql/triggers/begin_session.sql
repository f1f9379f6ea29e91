set local role audit_owner;

create or replace function audit.begin_session(
  token_hash  bytea,
  user_id     text  default null,
  user_name   text  default null,
  account     bytea default null,
  client_addr text  default null,
  user_agent  text  default null,
  data        jsonb default '{}'
) returns bigint
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  insert into audit.web_sessions (token_hash, user_id, user_name, account, authenticated_at, client_addr, user_agent, data)
  values ($1, $2, $3, $4, case when $2 is not null then clock_timestamp() end, $5, left($6, 300), $7)
  returning session_id
$$;

comment on function audit.begin_session(bytea, text, text, bytea, text, text, jsonb) is
  'Begins a session for the SHA-256 of a random token; without a user, one that waits for the next step of signing in. Returns its number. Error: 23505 for a token that is in use, 23514 for what is no SHA-256.';
grant execute on function audit.begin_session(bytea, text, text, bytea, text, text, jsonb) to audit_web;
