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
  -- A list shows the first few changes, not whole rows.
  (select jsonb_object_agg(f, jsonb_build_array(
     case when length((r.before -> f)::text) <= 160 then r.before -> f else to_jsonb(left(r.before ->> f, 80) || '…') end,
     case when length((r.after -> f)::text) <= 160 then r.after -> f else to_jsonb(left(r.after ->> f, 80) || '…') end))
   from unnest(r.changed_fields[1:3]) f where f is not null) as changes
from page r
left join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
order by r.occurred_at {direction}, r.event_id {direction}
