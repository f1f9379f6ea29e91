-- Events are found first. Rows are stored in a narrow form: each is unfolded once, and only those of this page. Rows of
-- hundreds of kilobytes are not: fifty of them would keep everybody from seeing the list.
with found as materialized (
  select r.occurred_at, r.event_id from {found} r
  where {conditions}
  order by r.occurred_at {direction}, r.event_id {direction}
  limit %(limit)s
), page as materialized (
  select r.* from found f
  cross join lateral (
    select coalesce(octet_length(l.old_row), 0) + coalesce(octet_length(l.new_row), 0) <= 262144 as handy
    from audit.log l where l.occurred_at = f.occurred_at and l.event_id = f.event_id) size
  cross join lateral (
    select r.event_id, r.occurred_at, r.category, r.action, r.entity, r.record_id, r.actor_id, r.actor_name, r.db_user,
      r.application, r.client_addr, r.request_id, r.schema_name, r.table_name, r.imported_at, r.xact_id, r.context,
      -- Of such a row audit.search knows the name, if it holds it already.
      case when size.handy then r.record_label else coalesce((
        select s.record_label from audit.search s where s.occurred_at = f.occurred_at and s.event_id = f.event_id), '') end as record_label,
      case when size.handy then r.changed_fields end as changed_fields,
      case when size.handy then r.before end as before,
      case when size.handy then r.after end as after
    from audit.events r where r.occurred_at = f.occurred_at and r.event_id = f.event_id offset 0) r
)
select
{in_brief.sql},
{first_changes.sql}
from page r
left join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
order by r.occurred_at {direction}, r.event_id {direction}
