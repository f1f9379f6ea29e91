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
  -- What changed a row names its table, and holds what was and what is now, as far as there was and is.
  select e into bad from jsonb_array_elements(events) e
  where not coalesce(
    case audit.action_code(e ->> 'action')
      when 'u' then e ->> 'table_name' is not null and e ->> 'before' is not null and e ->> 'after' is not null
        and e -> 'before' <> e -> 'after'
      when 'i' then e ->> 'table_name' is not null and e ->> 'before' is null and e ->> 'after' is not null
      when 'b' then e ->> 'table_name' is not null and e ->> 'before' is null and e ->> 'after' is not null
      when 'd' then e ->> 'table_name' is not null and e ->> 'before' is not null and e ->> 'after' is null
      when 't' then e ->> 'table_name' is not null and e ->> 'before' is not null and e ->> 'after' is null
      else audit.action_code(e ->> 'action') is not null and e ->> 'before' is null and e ->> 'after' is null
    end and (e ->> 'schema_name' is null) = (e ->> 'table_name' is null), false)
  limit 1;
  if bad is not null then
    raise exception 'audit.import_events: an event contradicts itself'
      using errcode = 'check_violation',
            detail = left(bad::text, 500),
            hint = 'insert and baseline have a table and after, delete and truncate a table and before, update both and a difference, other actions none. Nothing was imported.';
  end if;

  -- What could not be looked for, or shown.
  select e into bad from jsonb_array_elements(events) e
  where exists (select from jsonb_each_text(e) p where p.key in ('entity', 'schema_name', 'table_name', 'application') and length(p.value) > 200)
     or jsonb_path_exists(e, 'strict $.**{99}')
     or e -> 'before' ? '$row' or e -> 'after' ? '$row'
  limit 1;
  if bad is not null then
    raise exception 'audit.import_events: an event cannot be shown'
      using errcode = 'program_limit_exceeded',
            detail = left(bad::text, 500),
            hint = 'entity, schema_name, table_name and application have at most 200 characters, values are nested less than 99 deep, and no column is called $row. Nothing was imported.';
  end if;

  perform audit.add_partition(month)
  from (select distinct date_trunc('month', (e ->> 'occurred_at')::timestamptz) as month
        from jsonb_array_elements(events) e) months;

  -- Another system's log may hold what this one hides.
  insert into audit.log (
    occurred_at, shape_id, action, record_id, record_label, old_row, new_row,
    actor_id, actor_name, application, client_addr, request_id, context, imported_at)
  select
    r.occurred_at, subject.shape_id, audit.action_code(r.action), audit.short_key(r.record_id), r.record_label,
    ((r.before - coalesce(subject.exclude, '{}')) || marks.before)::text,
    ((r.after - coalesce(subject.exclude, '{}')) || marks.after)::text,
    left(r.actor_id, 200), r.actor_name, r.application, r.client_addr, r.request_id, r.context::text, clock_timestamp()
  from jsonb_to_recordset(events) r(
    occurred_at timestamptz, entity text, schema_name text, table_name text, record_id text, record_label text,
    action text, before jsonb, after jsonb, actor_id text, actor_name text,
    application text, client_addr inet, request_id text, context jsonb)
  join (
    select k.*, t.exclude, t.mask, audit.find_subject(k.entity, k.schema_name, k.table_name, t.mask) as shape_id
    from (select distinct e ->> 'entity' as entity, e ->> 'schema_name' as schema_name, e ->> 'table_name' as table_name
          from jsonb_array_elements(events) e) k
    left join audit.tracked t on t.schema_name = k.schema_name and t.table_name = k.table_name
  ) subject on (subject.entity, subject.schema_name, subject.table_name)
    is not distinct from (r.entity, r.schema_name, r.table_name)
  cross join lateral (
    select
      coalesce(jsonb_object_agg(m, '*') filter (where r.before ? m), '{}') as before,
      coalesce(jsonb_object_agg(m, case when (r.before -> m)::text <> (r.after -> m)::text then '**' else '*' end)
        filter (where r.after ? m), '{}') as after
    from unnest(subject.mask) m) marks;
  get diagnostics imported = row_count;
  return imported;
end
$$;

comment on function audit.import_events(jsonb) is
  'Loads events of another system: a JSON array of objects with the columns of audit.events. They are marked with imported_at and carry the importing login as db_user, so that they are never taken for captured ones. All or nothing; returns how many. Errors: 22023 no array, a missing column, a time in the future; 23514 an event that contradicts itself, or an unknown action; 54000 one that could not be looked for, or shown.';
grant execute on function audit.import_events(jsonb) to audit_admin;
