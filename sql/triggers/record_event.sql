set local role audit_owner;

create or replace function audit.record_event(
  entity       text,
  action       text,
  record_id    text  default null,
  record_label text  default null,
  details      jsonb default '{}'
) returns bigint
language sql
set search_path = pg_catalog, pg_temp
as $$
  -- What leaves must not leave on the word of a commit that a crash can still take back.
  select set_config('synchronous_commit', 'on', true)
  where action = 'export' and current_setting('synchronous_commit') not in ('on', 'remote_apply');

  insert into audit.log (shape_id, action, record_id, record_label, context)
  values (audit.find_subject(entity), audit.action_code(action), audit.short_key(record_id), record_label,
          -- That an event was erased is not for applications to claim.
          -- Nor may what they add leave no room for the details.
          coalesce((select case when length(c::text) > 32768 then jsonb_build_object('$malformed', left(c::text, 1000)) else c end
                    from audit.context_of(current_setting('audit.context', true)) c), '{}') - 'erased'
            || jsonb_build_object(action, coalesce(
              (select jsonb_object_agg(d.key, d.value) from jsonb_each(details) d where d.value <> 'null'), '{}')))
  returning event_id
$$;

comment on function audit.record_event(text, text, text, text, jsonb) is
  'Writes an event that changed no row; details go into context under the action''s name. A transaction that records an export commits synchronously. For the functions of this schema only.';
