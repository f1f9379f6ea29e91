set local role audit_owner;

create or replace function audit.search_status() returns table (behind_since timestamptz, lag interval)
language sql stable security definer
set search_path = pg_catalog, pg_temp
-- Whatever the planner has heard of the log, it must not read all of it.
set enable_seqscan = off
as $$
  select w.since, coalesce(greatest(clock_timestamp() - w.since, interval '0'), interval '0')
  from (select) always
  left join (
    -- In the order of their numbers, so that it ends at the first.
    select coalesce(l.imported_at, l.occurred_at) as since
    from audit.log l
    where l.event_id > (select s.low_event_id from audit.searching s)
      and not exists (select from audit.search s where s.occurred_at = l.occurred_at and s.event_id = l.event_id)
    order by l.event_id limit 1
  ) w on true
$$;

comment on function audit.search_status() is
  'How far audit.search is behind the log: since when the first event that it does not hold yet has been there, and its age; null and 0 when it holds all.';
grant execute on function audit.search_status() to audit_admin, audit_web, audit_reader, audit_sealer;
