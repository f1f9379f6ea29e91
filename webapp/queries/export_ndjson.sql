-- One JSON object a line. CSV with marks that no JSON text holds never quotes: what leaves is the object itself.
copy (
  select json_build_object(
    'event_id', r.event_id,
    'occurred_at', to_char(r.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'category', r.category,
    'action', r.action,
    'entity', r.entity,
    'record_id', r.record_id,
    'record_label', r.record_label,
    'changed_fields', r.changed_fields,
    'actor_id', r.actor_id,
    'actor_name', r.actor_name,
    'db_user', r.db_user,
    'application', r.application,
    'client_addr', r.client_addr,
    'request_id', r.request_id,
    'schema_name', r.schema_name,
    'table_name', r.table_name,
    'xact_id', r.xact_id::text,
    'before', r.before,
    'after', r.after,
    'context', r.context,
    'imported_at', to_char(r.imported_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
  from audit.report r
  where {conditions}
  order by r.occurred_at desc, r.event_id desc
) to stdout with (format csv, quote e'\x01', delimiter e'\x02')
