select w.entity, w.record_id, (
  select e.record_label from audit.events e
  where e.record_id = w.record_id and e.entity = w.entity and e.record_label is not null and {scope}
  order by e.occurred_at desc, e.event_id desc
  limit 1) as name
from unnest(%(entities)s::text[], %(record_ids)s::text[]) w(entity, record_id)
