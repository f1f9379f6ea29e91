-- Where pages look, and what they count: events that are not found there as the log has them, the first of them, and
-- hours and days with other numbers. What audit.search does not hold yet is looked for in the log itself.
with wrong as (
  select event_id
  from audit.events e
  full join audit.search s using (event_id, occurred_at)
  where (s.db_user is null and event_id <= (select low_event_id from audit.searching))
    or (s.db_user is not null and (
      e.db_user is null
      or (e.category, e.action, e.entity, e.record_id, e.actor_id, e.actor_name, e.db_user, e.application, e.request_id) is distinct from
         (s.category collate "C", s.action collate "C", s.entity collate "C", s.record_id collate "C", s.actor_id collate "C",
          s.actor_name collate "C", s.db_user collate "C", s.application collate "C", s.request_id collate "C")
      or (e.xact_id, e.imported_at, e.client_addr) is distinct from (s.xact_id, s.imported_at, s.client_addr)))
), hours as (
  select date_trunc('hour', occurred_at, 'UTC') as hour, category, action, entity, count(*) as events from audit.search group by 1, 2, 3, 4
), days as (
  select (occurred_at at time zone 'UTC')::date as day, actor_id, case when actor_id is null then db_user end as db_user,
    category, action, count(*) as events
  from audit.search where actor_id is not null or imported_at is null group by 1, 2, 3, 4, 5
)
select
  (select count(*) from wrong),
  (select min(event_id) from wrong),
  (select count(*) from (
    (select * from hours except select hour, category, action, entity, events from audit.activity)
    union all
    (select hour, category, action, entity, events from audit.activity except select * from hours)) h)
  + (select count(*) from (
    (select * from days except select day, actor_id, db_user, category, action, events from audit.actor_days)
    union all
    (select day, actor_id, db_user, category, action, events from audit.actor_days except select * from days)) d)
