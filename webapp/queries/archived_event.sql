select
{in_full.sql},
  true as archived
from {archived} r
left join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
where {conditions}
