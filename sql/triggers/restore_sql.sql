set local role audit_owner;

create or replace function audit.restore_sql(event_id bigint) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  event   audit.events;
  tracked audit.tracked;
  target  text;
  fields  text[];
  key_is  text;
  hidden  text[];
begin
  select * into event from audit.events e where e.event_id = restore_sql.event_id;
  if not found then
    raise exception 'audit.restore_sql: there is no event %', coalesce(event_id::text, 'null')
      using errcode = 'no_data_found', hint = 'event_id is the first column of audit.report.';
  end if;
  if event.action not in ('insert', 'update', 'delete', 'truncate') then
    raise exception 'audit.restore_sql: event % is "%", which changed no row', event_id, event.action
      using errcode = 'invalid_parameter_value',
            hint = 'Only insert, update, delete and truncate can be undone.';
  end if;
  target := format('%I.%I', event.schema_name, event.table_name);
  tracked := audit.tracked_table(target::regclass);

  -- Values that were never stored, and columns that compute themselves, cannot be given back. What is
  -- masked now may have been in the clear then, and the other way round.
  hidden := tracked.mask || array(
    select p.key from jsonb_each(coalesce(event.before, '{}')) p where p.value = '{"$masked": true}'
    union select p.key from jsonb_each(coalesce(event.after, '{}')) p where p.value = '{"$masked": true}');
  select array_agg(a.attname::text order by a.attnum) into fields
  from pg_attribute a
  where a.attrelid = target::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    and a.attname <> all (hidden) and event.before ? a.attname
    and (event.action <> 'update' or a.attname = any (event.changed_fields));

  if event.action in ('delete', 'truncate') then
    return format('insert into %1$s (%2$s) overriding system value select %2$s from jsonb_populate_record(null::%1$s, %3$L);',
      target, (select string_agg(quote_ident(f), ', ') from unnest(fields) f), event.before - hidden);
  end if;

  if cardinality(tracked.key) = 0 then
    raise exception 'audit.restore_sql: %.% has no primary key', tracked.schema_name, tracked.table_name
      using errcode = 'feature_not_supported', hint = 'Read before and after in audit.report, and write the statement by hand.';
  end if;
  select string_agg(format('present.%1$I = known.%1$I', k), ' and ') into key_is from unnest(tracked.key) k;
  if event.action = 'insert' then
    return format('delete from %1$s present using jsonb_populate_record(null::%1$s, %2$L) known where %3$s;',
      target, event.after - hidden, key_is);
  end if;
  if fields is null then
    return format('-- Only values that are never stored were changed in %s; nothing can be given back.', target);
  end if;
  return format('update %1$s present set %2$s from jsonb_populate_record(null::%1$s, %3$L) before, '
                'jsonb_populate_record(null::%1$s, %4$L) known where %5$s;',
    target, (select string_agg(format('%1$I = before.%1$I', f), ', ') from unnest(fields) f),
    event.before - hidden, event.after - hidden, key_is);
end
$$;

comment on function audit.restore_sql(bigint) is
  'The statement that would undo an event. Never runs it. Masked values cannot be given back. Errors: P0002 no such event, 22023 the event changed no row, 42704 table no longer tracked, 0A000 no primary key.';
grant execute on function audit.restore_sql(bigint) to audit_reader, audit_web, audit_admin;
