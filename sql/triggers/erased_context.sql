set local role audit_owner;

create or replace function audit.erased_context(
  context jsonb, action text, whole boolean, actor boolean, filter boolean, mark jsonb
) returns jsonb
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(case
      when whole then '{}'
      -- What an application adds tells of the person for whom it acted.
      when actor then case when details is null then '{}' else jsonb_build_object(action, details - 'ip' - 'actor_id') end
      else context
    end, '{}')
    || case when filter and not whole then jsonb_build_object(action, details - '{filter,record_id,actor_id,reason}'::text[]) else '{}' end
    || jsonb_build_object('erased', coalesce(context -> 'erased', '{}') || mark || jsonb_build_object('whole', whole))
  from (select case when jsonb_typeof(context -> action) = 'object' then context -> action end) d(details)
$$;

comment on function audit.erased_context(jsonb, text, boolean, boolean, boolean, jsonb) is
  'What stays of the context of an erased event, and by which request it was erased.';
