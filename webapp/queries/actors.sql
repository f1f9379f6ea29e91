-- One index probe per person instead of a scan of all their events.
with recursive people as (
  (select actor_id from audit.events where actor_id is not null order by actor_id limit 1)
  union all
  select (select e.actor_id from audit.events e where e.actor_id > p.actor_id order by e.actor_id limit 1)
  from people p where p.actor_id is not null
)
select p.actor_id, coalesce((
  select e.actor_name from audit.events e
  where e.actor_id = p.actor_id and e.actor_name is not null
  order by e.occurred_at desc, e.event_id desc limit 1), p.actor_id) as actor_name
from people p
where p.actor_id is not null
limit %(limit)s
