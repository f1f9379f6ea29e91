select
{in_full.sql}
from audit.events r
left join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
where r.event_id = %(event_id)s and {scope}
