set local role audit_owner;

create or replace function audit.list_sessions(token_hash bytea, idle interval, longest interval)
returns table (
  session_id bigint, started_at timestamptz, last_seen_at timestamptz, client_addr text, user_agent text, this boolean
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.session_id, s.started_at, s.last_seen_at, s.client_addr, s.user_agent, s.session_id = mine.session_id
  from audit.web_sessions mine
  join audit.web_sessions s on s.user_id = mine.user_id
  where mine.token_hash = $1 and audit.session_over(s, idle, longest) is null
  order by s.session_id <> mine.session_id, s.last_seen_at desc, s.session_id desc
$$;

comment on function audit.list_sessions(bytea, interval, interval) is
  'The sessions of the person whose token this is, this one first, then the latest.';
grant execute on function audit.list_sessions(bytea, interval, interval) to audit_web;
