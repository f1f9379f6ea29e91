set local role audit_owner;

create or replace function audit.session_over(session audit.web_sessions, idle interval, longest interval) returns text
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when (session).user_id is null and (session).started_at < now() - interval '15 minutes' then 'unfinished'
    when (session).started_at < now() - longest then 'limit'
    when (session).last_seen_at < now() - idle then 'idle'
  end
$$;

comment on function audit.session_over(audit.web_sessions, interval, interval) is
  'Why a session is over: idle, limit, or unfinished (signing in took too long). Null: it is not.';
