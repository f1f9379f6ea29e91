copy (
  select
    r.event_id,
    to_char(r.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at,
    r.category,
    r.action,
    audit.csv_text(r.entity) as entity,
    audit.csv_text(r.record_id) as record_id,
    audit.csv_text(r.record_label) as record_label,
    audit.csv_text(array_to_string(r.changed_fields, ', ')) as changed_fields,
    audit.csv_text(r.actor_id) as actor_id,
    audit.csv_text(r.actor_name) as actor_name,
    audit.csv_text(r.db_user) as db_user,
    audit.csv_text(r.application) as application,
    r.client_addr,
    audit.csv_text(r.request_id) as request_id,
    audit.csv_text(r.schema_name) as schema_name,
    audit.csv_text(r.table_name) as table_name,
    r.xact_id,
    r.before,
    r.after,
    r.context,
    to_char(r.imported_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as imported_at
  from audit.report r
  where {conditions}
  order by r.occurred_at desc, r.event_id desc
) to stdout with (format csv, header)
