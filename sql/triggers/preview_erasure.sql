set local role audit_owner;

create or replace function audit.preview_erasure(erasure_id bigint) returns jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  wanted audit.erasures := audit.erasure(erasure_id);
  since  timestamptz;
  found  jsonb;
begin
  with concerned as materialized (select * from audit.erasure_events(wanted))
  select jsonb_build_object(
    'events', count(distinct c.event_id),
    'unsealed', case when exists (select from audit.checkpoints) then count(distinct c.event_id) filter (where f.event_id is null) else 0 end,
    'kinds', coalesce((
      select jsonb_object_agg(k.kind, k.events)
      from (
        select n.kind, count(*) as events from concerned n group by 1
        union all
        select 'views', count(*) from audit.erasure_views(wanted) having count(*) > 0) k), '{}')),
    min(l.occurred_at)
  into found, since
  from concerned c
  join audit.log l on l.event_id = c.event_id
  left join audit.leaves f on f.event_id = c.event_id;
  -- A file may hold what went before it was made.
  return found || jsonb_build_object('archives', (select count(*) from audit.archives), 'exports', coalesce((
    select jsonb_agg(e.event_id order by e.event_id)
    from (
      select l.event_id
      from audit.log l join audit.shapes s on s.shape_id = l.shape_id
      where l.action = 'e' and l.occurred_at >= since and s.entity in ('report', wanted.entity)
        and not coalesce(audit.context_of(l.context) -> 'export' ? 'completes', false)
      order by l.event_id desc limit 100) e), '[]'));
end
$$;

comment on function audit.preview_erasure(bigint) is
  'What approving a request would erase: events, kinds (how many of each, with views that people saved), unsealed (these must be sealed first), archives (how many months have left the log), exports (the last 100 events of files that may hold some of it). Error: P0002 no such request.';
grant execute on function audit.preview_erasure(bigint) to audit_web, audit_admin;
