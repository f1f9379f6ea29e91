-- Events whose payload an erase event says is gone. That one may be too new for a seal: until then it is counted among
-- the unsealed, and afterwards it has to be what was sealed.
select distinct e.id::bigint
from audit.log l
cross join lateral jsonb_array_elements_text(
  case when jsonb_typeof(audit.context_of(l.context) -> 'erase' -> 'events') = 'array'
    then audit.context_of(l.context) -> 'erase' -> 'events' else '[]' end) e(id)
where l.action = 'x' and e.id ~ '^\d{1,18}$'
