set local role audit_owner;

create or replace function audit.refresh_search(event_ids bigint[]) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  -- What is just being added is not seen yet.
  select pg_advisory_xact_lock(hashtextextended('audit.extend_search', 0));
  with gone as (
    select (s.occurred_at at time zone 'UTC')::date as day, s.actor_id, s.category, s.action, count(*) as events
    from audit.search s join audit.searchable n on n.occurred_at = s.occurred_at and n.event_id = s.event_id
    where s.event_id = any (event_ids) and n.event_id = any (event_ids) and s.actor_id <> coalesce(n.actor_id, '')
    group by 1, 2, 3, 4
  )
  update audit.actor_days a set events = a.events - g.events
  from gone g where (a.day, a.actor_id, a.category, a.action) = (g.day, g.actor_id, g.category, g.action);
  delete from audit.actor_days a where a.events <= 0;
  update audit.search s
  set record_id = n.record_id, record_label = n.record_label, actor_id = n.actor_id, actor_name = n.actor_name, application = n.application,
      client_addr = n.client_addr, request_id = n.request_id, changed_fields = n.changed_fields, words = n.words,
      claimed_addr = n.claimed_addr
  from audit.searchable n
  where n.event_id = any (event_ids) and s.occurred_at = n.occurred_at and s.event_id = n.event_id;
$$;

comment on function audit.refresh_search(bigint[]) is
  'Lets audit.search say of these events what the log says now, as after an erasure. For the functions of this schema only.';
