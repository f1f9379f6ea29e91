set local role audit_owner;

-- The log itself is not sorted by table: looking for the last change of one that nothing happens to would read all of it.
create or replace function audit.last_event(tracked_id integer, since timestamptz) returns timestamptz
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  found timestamptz;
begin
  -- The number is written into the statement: the planner must know how few events audit.search does not hold yet.
  execute format($sql$
    select max(last.occurred_at) from audit.shapes h
    cross join lateral (
      -- In the order of the one index that knows tables, so that no other one is tried.
      (select s.occurred_at
       from (select shape_id, occurred_at from audit.search where shape_id <= h.shape_id order by shape_id desc, occurred_at desc limit 1) s
       where s.shape_id = h.shape_id)
      union all
      select max(l.occurred_at) from audit.log l where l.shape_id = h.shape_id and l.event_id > %s) last
    where h.tracked_id = $1 and last.occurred_at >= $2$sql$, (select s.low_event_id from audit.searching s))
  into found using tracked_id, since;
  return found;
end
$$;

comment on function audit.last_event(integer, timestamptz) is
  'When something last happened to a tracked table, since then; null if nothing did.';
