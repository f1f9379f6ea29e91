set local role audit_owner;

create or replace function audit.expire_sessions(idle interval, longest interval) returns integer
language sql security definer
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(sum(audit.end_sessions(array[o.session_id], o.reason)), 0)::integer
  from (
    select s.session_id, audit.session_over(s, idle, longest) as reason
    from audit.web_sessions s
    where audit.session_over(s, idle, longest) is not null
    -- Whoever is at it already records it.
    for update skip locked
  ) o
$$;

comment on function audit.expire_sessions(interval, interval) is
  'Ends, removes and records the sessions that were not used within the first interval or began before the second; returns how many were signed in.';
grant execute on function audit.expire_sessions(interval, interval) to audit_web;
