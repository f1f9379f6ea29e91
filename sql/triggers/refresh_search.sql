set local role audit_owner;

create or replace function audit.refresh_search(event_ids bigint[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  touched audit.actor_days[];
begin
  -- What is just being added is not seen yet.
  lock table audit.searching in share update exclusive mode;
  -- Whoever was, or now is, the author is counted again on these days, with the names that are left.
  touched := array(
    select row(e.occurred_at::date, e.actor_id, e.db_user, '', '', null, 0)::audit.actor_days
    from (
      select s.occurred_at, w.actor_id, case when w.actor_id is null then s.db_user end as db_user
      from audit.searchable n
      join audit.search s on s.occurred_at = n.occurred_at and s.event_id = n.event_id
      cross join lateral (values (s.actor_id), (n.actor_id)) w(actor_id)
      where n.event_id = any (event_ids)
    ) e
    group by e.occurred_at::date, e.actor_id, e.db_user);
  update audit.search s
  set record_id = n.record_id, record_label = n.record_label, actor_id = n.actor_id, actor_name = n.actor_name, application = n.application,
      client_addr = n.client_addr, request_id = n.request_id, changed_fields = n.changed_fields, words = n.words,
      claimed_addr = n.claimed_addr
  from audit.searchable n
  where n.event_id = any (event_ids) and s.occurred_at = n.occurred_at and s.event_id = n.event_id;
  delete from audit.actor_days a using unnest(touched) t
  where a.day = t.day and a.actor_id is not distinct from t.actor_id and a.db_user is not distinct from t.db_user;
  insert into audit.actor_days (day, actor_id, db_user, category, action, actor_name, events)
  select t.day, t.actor_id, t.db_user, s.category, s.action,
    (array_agg(s.actor_name order by s.occurred_at desc) filter (where s.actor_name is not null))[1], count(*)
  from unnest(touched) t
  cross join lateral (
    select * from audit.search p where p.actor_id = t.actor_id and p.occurred_at >= t.day and p.occurred_at < t.day + 1
    union all
    select * from audit.search l
    where t.actor_id is null and l.actor_id is null and l.db_user = t.db_user and l.imported_at is null
      and l.occurred_at >= t.day and l.occurred_at < t.day + 1) s
  group by 1, 2, 3, 4, 5;
end
$$;

comment on function audit.refresh_search(bigint[]) is
  'Lets audit.search say of these events what the log says now, as after an erasure. For the functions of this schema only.';
