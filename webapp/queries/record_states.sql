-- The events that say how a record itself stood, not the rows that belong to it; newest first.
select r.event_id, r.occurred_at
from audit.report r
left join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
where {conditions} and t.parent is null and r.table_name is not null
  and r.action in ('insert', 'update', 'delete', 'truncate', 'baseline')
  and {place}
order by r.occurred_at desc, r.event_id desc
limit %(limit)s
