-- Events with what was sealed of them. The numbers stand at each table: so that it looks for them alone.
select
  z.leaf_index,
  coalesce(to_jsonb(e), jsonb_build_object('event_id', z.event_id))::text as event,
  z.seal::text
from ({seals}) z
left join audit.events e on e.event_id = z.event_id and e.event_id = any (%(event_ids)s)
where z.event_id = any (%(event_ids)s)
order by z.event_id
