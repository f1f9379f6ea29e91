(
  -- Rows of archives as the report has them, with what filters ask for beside them.
  select
    a.event_id, a.occurred_at, a.category, a.action, a.entity, a.record_id, a.record_label, a.changed_fields,
    a.before::jsonb as before, a.after::jsonb as after, a.actor_id, a.actor_name, a.db_user, a.application,
    a.client_addr::inet as client_addr, a.request_id, a.context::jsonb as context, a.schema_name, a.table_name,
    a.xact_id::xid8 as xact_id, a.imported_at, a.context::jsonb ->> 'ip' as claimed_addr,
    -- As they are made for the log. A row that moved has its old half in another row.
    audit.words_of(concat_ws(' ', audit.plain_text(coalesce(a.old_row, a.before)), audit.plain_text(a.new_row),
      a.details::json ->> 'record_label', a.details::json ->> 'actor_name',
      audit.plain_text(coalesce(a.details::json ->> 'context', a.context)))) as words
  from jsonb_to_recordset(%(archived)s::jsonb) a (
    event_id bigint, occurred_at timestamptz, category text, action text, entity text, record_id text, record_label text,
    changed_fields text[], before text, after text, actor_id text, actor_name text, db_user text, application text,
    client_addr text, request_id text, context text, schema_name text, table_name text, xact_id text,
    imported_at timestamptz, details text, old_row text, new_row text)
)
