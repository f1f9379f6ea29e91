-- Events whose payload a sealed erase event says is gone.
select distinct e.id::bigint
from audit.log l
join audit.leaves s using (event_id)
cross join lateral jsonb_array_elements_text(
  case when jsonb_typeof(audit.context_of(l.context) -> 'erase' -> 'events') = 'array'
    then audit.context_of(l.context) -> 'erase' -> 'events' else '[]' end) e(id)
where l.action = 'x' and e.id ~ '^\d{1,18}$'
