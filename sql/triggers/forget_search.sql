set local role audit_owner;

create or replace function audit.forget_search(since timestamptz, until timestamptz) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  -- What is just being added is not seen yet.
  lock table audit.searching in share update exclusive mode;
  delete from audit.search s where s.occurred_at >= since and s.occurred_at < until;
  delete from audit.activity a where a.hour >= since and a.hour < until;
  delete from audit.actor_days a where a.day >= (since at time zone 'UTC')::date and a.day < (until at time zone 'UTC')::date;
$$;

comment on function audit.forget_search(timestamptz, timestamptz) is
  'Takes a stretch of time, in whole days, out of audit.search, as when its months are dropped. For the functions of this schema only.';
