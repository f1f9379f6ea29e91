-- The events that say how a record itself stood, not the rows that belong to it; newest first.
select r.event_id, r.occurred_at
from {found} r
where {conditions} and {place} and r.action in ('insert', 'update', 'delete', 'truncate', 'baseline')
  -- Not joined: events are read in their order until there are enough.
  and r.shape_id = any (array(
    select s.shape_id from audit.shapes s
    left join audit.tracked t on t.schema_name = s.schema_name and t.table_name = s.table_name
    where s.table_name is not null and t.parent is null))
order by r.occurred_at desc, r.event_id desc
limit %(limit)s
