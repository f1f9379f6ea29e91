-- Events are found first. Rows are stored in a narrow form: each is unfolded once, and only those of this page.
with found as materialized (
  select r.occurred_at, r.event_id from {found} r
  where {conditions}
  order by r.occurred_at {direction}, r.event_id {direction}
  limit %(limit)s
), page as materialized (
  select r.* from found f
  cross join lateral (
    select r.* from audit.events r where r.occurred_at = f.occurred_at and r.event_id = f.event_id offset 0) r
)
select
{in_brief.sql},
{first_changes.sql}
from page r
left join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
order by r.occurred_at {direction}, r.event_id {direction}
