select w.entity, w.record_id, audit.name_of(w.entity, w.record_id, audit.category_of('update', w.entity), 'infinity') as name
from unnest(%(entities)s::text[], %(record_ids)s::text[]) w(entity, record_id)
where {scope}
