set local role audit_owner;

create or replace function audit.extend_search(at_most integer default 20000) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
-- Whatever the planner has heard of the log, it must not read all of it.
set enable_seqscan = off
set jit = off
as $$
declare
  before  audit.searching;
  place   audit.searching;
  settled bigint;
  missing integer;
  upto    bigint;
begin
  if at_most is null or at_most < 1 then
    raise exception 'audit.extend_search: at_most is %, not 1 or more', coalesce(at_most::text, 'null')
      using errcode = 'invalid_parameter_value', hint = 'Leave it out for 20000.';
  end if;
  if pg_is_in_recovery() then
    return null;
  end if;
  -- One is enough, and the next one may begin when this transaction ends. No application can take this lock.
  begin
    lock table audit.searching in share update exclusive mode nowait;
  exception when lock_not_available then
    return null;
  end;
  select s.* into before from audit.searching s;
  place := before;
  select m.* into place.mark_event_id, place.mark_xact_id, settled
  from audit.settled_event(place.low_event_id, place.mark_event_id, place.mark_xact_id) m;
  execute format($sql$
    select count(*), max(n.event_id) from (
      select e.event_id from audit.events e
      where e.event_id > %s
        and not exists (select from audit.search s where s.occurred_at = e.occurred_at and s.event_id = e.event_id)
      order by e.event_id limit %s) n$sql$, place.low_event_id, at_most)
  into missing, upto;
  if missing > 0 then
    execute format($sql$
      with added as (
        insert into audit.search
        select n.* from audit.searchable n
        where n.event_id > %s and n.event_id <= %s
          and not exists (select from audit.search s where s.occurred_at = n.occurred_at and s.event_id = n.event_id)
        returning occurred_at, category, action, entity, actor_id, actor_name, db_user, imported_at
      ), hours as (
        insert into audit.activity as a (hour, category, action, entity, events)
        select date_trunc('hour', occurred_at), category, action, entity, count(*) from added group by 1, 2, 3, 4
        on conflict (hour, category, action, entity) do update set events = a.events + excluded.events
      )
      insert into audit.actor_days as a (day, actor_id, db_user, category, action, actor_name, events)
      select occurred_at::date, actor_id, case when actor_id is null then db_user end, category, action,
        (array_agg(actor_name order by occurred_at desc) filter (where actor_name is not null))[1], count(*)
      from added where actor_id is not null or imported_at is null group by 1, 2, 3, 4, 5
      on conflict on constraint once_a_day
      do update set events = a.events + excluded.events, actor_name = coalesce(excluded.actor_name, a.actor_name)$sql$,
      place.low_event_id, upto);
  end if;

  if settled is not null then
    place.low_event_id := case when missing = at_most then least(upto, settled) else settled end;
  end if;
  -- A look at a log in which nothing happens writes nothing.
  if place is distinct from before then
    update audit.searching s
    set low_event_id = place.low_event_id, mark_event_id = place.mark_event_id, mark_xact_id = place.mark_xact_id;
  end if;
  return missing;
end
$$;

comment on function audit.extend_search(integer) is
  'Adds committed events that audit.search does not hold yet, at most so many; returns how many were missing. Call it, and commit, until fewer than at_most come back. Null: it did not look, because another session is at it, or this is a replica. Error: 22023 for less than 1.';
grant execute on function audit.extend_search(integer) to audit_web, audit_reader, audit_sealer, audit_admin;
