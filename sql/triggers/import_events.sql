set local role audit_owner;

create or replace function audit.import_events(events jsonb) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
as $$
declare
  bad      jsonb;
  imported bigint;
begin
  if jsonb_typeof(events) is distinct from 'array' then
    raise exception 'audit.import_events: expected a JSON array of events'
      using errcode = 'invalid_parameter_value',
            hint = 'Each element is an object with the columns of audit.events: occurred_at, entity, action, before, after…';
  end if;
  select e into bad from jsonb_array_elements(events) e
  where jsonb_typeof(e) <> 'object' or e ->> 'occurred_at' is null or e ->> 'entity' is null or e ->> 'action' is null
     or (e ->> 'occurred_at')::timestamptz > clock_timestamp()
     or exists (select from jsonb_each(e) p where p.key in ('before', 'after', 'context')
                and jsonb_typeof(p.value) not in ('object', 'null'))
  limit 1;
  if bad is not null then
    raise exception 'audit.import_events: an event lacks occurred_at, entity or action, lies in the future, or has a before, after or context that is no object'
      using errcode = 'invalid_parameter_value',
            detail = left(bad::text, 500),
            hint = 'Nothing was imported. Correct the event and call again with all of them.';
  end if;

  perform audit.add_partition(month)
  from (select distinct date_trunc('month', (e ->> 'occurred_at')::timestamptz) as month
        from jsonb_array_elements(events) e) months;

  insert into audit.events (
    occurred_at, entity, schema_name, table_name, record_id, record_label, action, changed_fields, before, after,
    actor_id, actor_name, application, client_addr, request_id, context, imported_at)
  select
    r.occurred_at, r.entity, r.schema_name, r.table_name, r.record_id, r.record_label, r.action,
    case when r.action = 'update' then coalesce(r.changed_fields, array(
      select n.key from jsonb_each(r.after) n
      where n.value::text is distinct from (r.before -> n.key)::text order by n.key collate "C")) end,
    -- Another system's log may hold what this one hides.
    (r.before - t.exclude) || masked.before, (r.after - t.exclude) || masked.after,
    left(r.actor_id, 200), left(r.actor_name, 200), r.application, r.client_addr, left(r.request_id, 200), r.context,
    clock_timestamp()
  from jsonb_to_recordset(events) r(
    occurred_at timestamptz, entity text, schema_name text, table_name text, record_id text, record_label text,
    action text, changed_fields text[], before jsonb, after jsonb, actor_id text, actor_name text,
    application text, client_addr inet, request_id text, context jsonb)
  left join lateral (
    select
      coalesce(max(x.exclude), '{}') as exclude,
      coalesce(max(x.mask), '{}') as mask
    from audit.tracked x where x.schema_name = r.schema_name and x.table_name = r.table_name) t on true
  cross join lateral (
    select
      coalesce(jsonb_object_agg(m, '{"$masked": true}'::jsonb) filter (where r.before ? m), '{}') as before,
      coalesce(jsonb_object_agg(m, '{"$masked": true}'::jsonb) filter (where r.after ? m), '{}') as after
    from unnest(t.mask) m) masked;
  get diagnostics imported = row_count;
  return imported;
end
$$;

comment on function audit.import_events(jsonb) is
  'Loads events of another system: a JSON array of objects with the columns of audit.events. They are marked with imported_at and carry the importing login as db_user, so that they are never taken for captured ones. All or nothing; returns how many. Errors: 22023 no array, a missing column, a time in the future; 23514 an event that contradicts itself.';
grant execute on function audit.import_events(jsonb) to audit_admin;
