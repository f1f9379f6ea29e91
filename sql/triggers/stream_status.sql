set local role audit_owner;

create or replace function audit.stream_status() returns table (
  name          text,
  "position"    bigint,
  behind        bigint,
  waiting_since timestamptz,
  lag           interval,
  confirmed_at  timestamptz,
  problem       text,
  problem_since timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select s.name, s.position, sealed.size - s.position, next.at, coalesce(greatest(clock_timestamp() - next.at, '0'), '0'),
    s.confirmed_at, s.problem, s.problem_since
  from audit.streams s
  cross join (select coalesce(max(f.leaf_index) + 1, 0) as size from audit.leaves f) sealed
  left join lateral (
    select coalesce(l.imported_at, l.occurred_at) as at
    from audit.leaves f join audit.log l using (event_id)
    where f.leaf_index >= s.position order by f.leaf_index limit 1) next on true
  order by s.name
$$;

comment on function audit.stream_status() is
  'How far each stream of auditlog stream has come: sealed events that it has not confirmed, since when the first of them waits, and what keeps the receiver from taking it.';
grant execute on function audit.stream_status() to audit_admin, audit_web, audit_reader, audit_sealer, audit_streamer;
