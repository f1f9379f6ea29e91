-- Events with what was sealed of them, and of the deletes in other partitions that they complete.
select
  z.leaf_index,
  coalesce(to_jsonb(e), jsonb_build_object('event_id', z.event_id))::text as event,
  z.seal::text
from ({seals}) z
left join audit.events e on e.event_id = z.event_id
where z.event_id = any (%(event_ids)s)
   or z.event_id in (select l.moved_from from audit.log l where l.event_id = any (%(event_ids)s))
order by z.event_id
