set local role audit_owner;

create or replace function audit.use_session(token_hash bytea, idle interval, longest interval)
returns table (
  session_id bigint, user_id text, account bytea, authenticated_at timestamptz, started_at timestamptz,
  last_seen_at timestamptz, client_addr text, user_agent text, data jsonb
)
language sql security definer
set search_path = pg_catalog, pg_temp
rows 1
as $$
  -- At most one write a minute; whoever else is writing it just now writes the same.
  with seen as (
    update audit.web_sessions s set last_seen_at = now()
    where s.session_id in (
      select l.session_id from audit.web_sessions l
      where l.token_hash = $1 and l.last_seen_at < now() - interval '1 minute'
        and audit.session_over(l, idle, longest) is null
      for update skip locked)
  )
  select s.session_id, s.user_id, s.account, s.authenticated_at, s.started_at,
         s.last_seen_at, s.client_addr, s.user_agent, s.data
  from audit.web_sessions s
  where s.token_hash = $1 and audit.session_over(s, idle, longest) is null
$$;

comment on function audit.use_session(bytea, interval, interval) is
  'The session of a token, if it was used within the first interval and began within the second; notes that it is in use.';
grant execute on function audit.use_session(bytea, interval, interval) to audit_web;
