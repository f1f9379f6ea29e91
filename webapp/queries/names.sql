-- The newest name of each record.
select r.entity, r.record_id, (
{newest_name.sql}
) as name
from (
  select w.entity, w.record_id, audit.category_of('update', w.entity) as category, timestamptz 'infinity' as occurred_at
  from unnest(%(entities)s::text[], %(record_ids)s::text[]) w(entity, record_id)
  where {scope}) r
