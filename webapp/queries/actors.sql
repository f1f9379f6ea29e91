-- One index probe per person instead of a scan of all their days; and whom only the newest events name.
with recursive people as (
  (select a.actor_id from audit.actor_days a where a.actor_id is not null order by a.actor_id limit 1)
  union all
  select (select a.actor_id from audit.actor_days a where a.actor_id > p.actor_id order by a.actor_id limit 1)
  from people p where p.actor_id is not null
), named as (
  select p.actor_id, s.at, nullif(s.actor_name, '') as actor_name
  from people p
  cross join lateral (
    select r.day::timestamp at time zone 'UTC' as at, r.actor_name from audit.actor_days r
    where r.actor_id = p.actor_id and {scope}
    order by r.day desc limit 1) s
  union all
  select r.actor_id, r.occurred_at, r.actor_name from audit.searchable r
  where r.event_id > {low} and r.actor_id is not null and {scope}
)
select n.actor_id, coalesce((array_agg(n.actor_name order by n.at desc) filter (where n.actor_name is not null))[1], n.actor_id)
from named n
group by n.actor_id
limit %(limit)s
