-- What the list, the page of one event and paper show of an event r; t is the table that it is about.
  r.event_id, r.occurred_at, r.category, r.action, r.entity, r.record_id, r.changed_fields,
  -- A row that belongs to a record has no name of its own.
  coalesce(r.record_label, (
{newest_name.sql}
  )) as record_label,
  r.actor_id, r.actor_name, r.db_user, r.application, r.client_addr, r.request_id,
  r.schema_name, r.table_name, r.imported_at, r.xact_id::text as xact_id,
  case
    when r.before is null and r.after is null and r.context -> 'erased' ->> 'whole' = 'true'
      then jsonb_build_object('erased', r.context -> 'erased')
    when t.parent is not null then coalesce(r.after, r.before) - t.parent
    -- Imported events may hold anything here.
    when jsonb_typeof(r.context -> r.action) = 'object' then r.context -> r.action
  end as details
