-- The event at the place f as audit.report shows it, but without a query planned for each name that is looked up.
select
  r.event_id, r.occurred_at, r.category, r.action, r.entity, r.record_id,
  coalesce(r.record_label, (
{newest_name.sql}
  )) as record_label,
  r.changed_fields, r.before, r.after, r.actor_id, r.actor_name, r.db_user, r.application, r.client_addr, r.request_id,
  r.context, r.schema_name, r.table_name, r.xact_id, r.imported_at
from audit.events r where r.occurred_at = f.occurred_at and r.event_id = f.event_id offset 0
