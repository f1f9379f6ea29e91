-- Who touched a record: a person by the number an application gave, else the login; of at most so many events.
select
  e.actor_id,
  (array_agg(e.actor_name order by e.occurred_at desc) filter (where e.actor_name is not null))[1] as actor_name,
  array_agg(distinct e.db_user) as logins,
  bool_and(e.imported_at is not null) as imported,
  count(*) as events,
  min(e.occurred_at) as first_at,
  max(e.occurred_at) as last_at
from (
  select r.actor_id, r.actor_name, r.db_user, r.occurred_at, r.imported_at from {found} r where {conditions}
  order by r.occurred_at desc, r.event_id desc limit %(limit)s
) e
group by e.actor_id, case when e.actor_id is null then coalesce(e.actor_name, e.db_user) end, e.actor_id is null and e.imported_at is not null
order by count(*) desc, max(e.occurred_at) desc
