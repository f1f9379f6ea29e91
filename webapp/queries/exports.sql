-- Exports of the report: what was said when they began, and when they ended.
select
  x.event_id, b.occurred_at, b.actor_id, b.actor_name, b.db_user, b.client_addr, b.context,
  b.context -> 'export' as begun, e.occurred_at as ended_at, e.context -> 'export' as ended,
  case when x.ended_event is null then x.so_far end as so_far
from audit.exports x
join audit.report b on b.event_id = x.event_id
left join audit.report e on e.event_id = x.ended_event
where {scope}
order by x.event_id desc
limit %(limit)s
