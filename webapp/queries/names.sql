-- The newest name of each record, as audit.name_of() finds one: in audit.search, or in what that does not hold yet.
-- All at once, because planning takes longer than looking.
select w.entity, w.record_id, n.name
from unnest(%(entities)s::text[], %(record_ids)s::text[]) w(entity, record_id)
cross join lateral (
  select named.record_label as name from (
    (select s.record_label, s.occurred_at, s.event_id from audit.search s
     where s.record_id = w.record_id and s.entity = w.entity and s.category = audit.category_of('update', w.entity)
       and s.record_label is not null
     order by s.occurred_at desc, s.event_id desc limit 1)
    union all
    (select e.record_label, e.occurred_at, e.event_id from audit.events e
     where e.event_id > {low} and e.record_id = w.record_id and e.entity = w.entity
       and e.category = audit.category_of('update', w.entity) and e.record_label is not null
     order by e.occurred_at desc, e.event_id desc limit 1)) named
  order by named.occurred_at desc, named.event_id desc limit 1) n
where {scope}
