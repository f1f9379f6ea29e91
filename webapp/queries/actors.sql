-- One index probe per person instead of a scan of all their events.
with recursive people as (
  (select actor_id from audit.log where actor_id is not null order by actor_id limit 1)
  union all
  select (select l.actor_id from audit.log l where l.actor_id > p.actor_id order by l.actor_id limit 1)
  from people p where p.actor_id is not null
)
select p.actor_id, coalesce((
  select nullif(left(l.actor_name, 200), '') from audit.log l join audit.shapes s on s.shape_id = l.shape_id
  where l.actor_id = p.actor_id and l.actor_name <> '' and {scope}
  order by l.occurred_at desc limit 1), p.actor_id) as actor_name
from people p
-- In this order, because it keeps the planner to the index of one person.
cross join lateral (
  select from audit.log l join audit.shapes s on s.shape_id = l.shape_id
  where l.actor_id = p.actor_id and {scope}
  order by l.occurred_at desc limit 1) seen
where p.actor_id is not null
limit %(limit)s
