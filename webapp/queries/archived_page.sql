select
{in_brief.sql},
{first_changes.sql},
  true as archived
from {archived} r
left join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
where {conditions}
order by r.occurred_at {direction}, r.event_id {direction}
limit %(limit)s
