-- The events that say how a record itself stood, not the rows that belong to it; newest first.
select r.event_id, r.occurred_at
from {found} r
join audit.shapes s on s.shape_id = r.shape_id
left join audit.tracked t on t.schema_name = s.schema_name and t.table_name = s.table_name
where {conditions} and t.parent is null and s.table_name is not null
  and r.action in ('insert', 'update', 'delete', 'truncate', 'baseline')
  and {place}
order by r.occurred_at desc, r.event_id desc
limit %(limit)s
