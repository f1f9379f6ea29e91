set local role audit_owner;

create or replace function audit.sealing_status() returns table (
  checkpoint     bigint,
  sealed_at      timestamptz,
  events         bigint,
  unsealed_since timestamptz,
  lag            interval,
  stalled_by     text,
  stalled_since  timestamptz,
  problem        text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD'
as $$
  with waiting as (
    -- In the order of their numbers, so that it ends at the first: only what is new lies behind low_event_id.
    select coalesce(l.imported_at, l.occurred_at) as since,
           coalesce(l.imported_at, l.occurred_at) < clock_timestamp() - interval '15 minutes' as late
    from audit.log l
    where l.event_id > (select s.low_event_id from audit.sealing s)
      and not exists (select from audit.leaves f where f.event_id = l.event_id)
    order by l.event_id limit 1
  ), oldest as (
    select format('session %s of "%s"', a.pid, a.usename) as who, a.xact_start as since
    from pg_locks k join pg_stat_activity a using (pid)
    where k.locktype = 'transactionid' and k.mode = 'ExclusiveLock' and k.granted
      and k.transactionid = pg_snapshot_xmin(pg_current_snapshot())::xid
    union all
    select format('the prepared transaction "%s" of "%s"', p.gid, p.owner), p.prepared
    from pg_prepared_xacts p where p.transaction = pg_snapshot_xmin(pg_current_snapshot())::xid
    limit 1
  )
  select c.number, c.sealed_at, c.size, w.since, greatest(clock_timestamp() - w.since, interval '0'),
    case when w.late then o.who end, case when w.late then o.since end,
    case
      when audit.false_sealer() is not null then format('Nothing can be sealed while %s, which may not seal, holds the lock of the sealer: end it.', audit.false_sealer())
      when w.late and o.who is not null then format('Events since %s UTC are not sealed: %s has had a transaction open%s. End it.',
        to_char(w.since, 'YYYY-MM-DD HH24:MI:SS'), o.who, to_char(o.since, '" since "YYYY-MM-DD HH24:MI:SS" UTC"'))
      when w.late then format('Events since %s UTC are not sealed: run auditlog seal.', to_char(w.since, 'YYYY-MM-DD HH24:MI:SS'))
      when c.sealed_at < clock_timestamp() - interval '75 minutes'
        then format('The last checkpoint is of %s UTC: run auditlog seal.', to_char(c.sealed_at, 'YYYY-MM-DD HH24:MI:SS'))
      else (select format('Checkpoints have not reached their anchor since %s UTC: %s', to_char(a.problem_since, 'YYYY-MM-DD HH24:MI:SS'), a.problem)
            from audit.anchors a where a.problem is not null order by a.problem_since limit 1)
    end
  from (select number, sealed_at, size from audit.checkpoints order by number desc limit 1) c
  left join waiting w on true
  left join oldest o on true
$$;

comment on function audit.sealing_status() is
  'How far the log is sealed: last checkpoint, the oldest event without a seal and its age, what transaction holds the sealer up, and what to do. No row: it was never sealed.';
grant execute on function audit.sealing_status() to audit_admin, audit_web, audit_reader, audit_sealer;
