set local role audit_owner;

create or replace function audit.restore_sql(event_id bigint) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  event   audit.log;
  shape   audit.shapes;
  tracked audit.tracked;
  source  regclass;
  target  text;
  before  jsonb;
  after   jsonb;
  fields  text[];
  key_is  text;
begin
  select * into event from audit.log e where e.event_id = restore_sql.event_id;
  if not found then
    raise exception 'audit.restore_sql: there is no event %', coalesce(event_id::text, 'null')
      using errcode = 'no_data_found', hint = 'event_id is the first column of audit.report.';
  end if;
  if event.action not in ('i', 'u', 'k', 'd', 't') then
    raise exception 'audit.restore_sql: event % is "%", which changed no row', event_id, audit.action_name(event.action)
      using errcode = 'invalid_parameter_value',
            hint = 'Only insert, update, delete and truncate can be undone.';
  end if;
  select * into shape from audit.shapes s where s.shape_id = event.shape_id;
  source := case when shape.tracked_id is null then format('%I.%I', shape.schema_name, shape.table_name)::regclass
    else coalesce(audit.tracked_relation(shape.tracked_id), format('%I.%I', shape.schema_name, shape.table_name)::regclass) end;
  tracked := audit.tracked_table(source);
  target := (select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = source);

  -- A row that moved to another partition is one update.
  if event.moved_from is not null then
    event.action := 'k';
    event.old_row := (select e.old_row from audit.log e where e.event_id = event.moved_from);
  end if;

  -- Values that were never stored, and columns that compute themselves, cannot be given back. What is
  -- masked now may have been in the clear then, and the other way round.
  before := coalesce(audit.known_fields(event.shape_id, shape.masked, event.old_row), '{}') - tracked.mask - tracked.exclude;
  after := coalesce(audit.known_fields(event.shape_id, shape.masked, event.new_row), '{}') - tracked.mask - tracked.exclude;
  select array_agg(a.attname::text order by a.attnum) into fields
  from pg_attribute a
  where a.attrelid = source and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and before ? a.attname
    and (event.action not in ('u', 'k') or (before -> a.attname)::text is distinct from (after -> a.attname)::text);

  if event.action in ('d', 't') then
    return format('insert into %1$s (%2$s) overriding system value select %2$s from jsonb_populate_record(null::%1$s, %3$L);',
      target, (select string_agg(quote_ident(f), ', ') from unnest(fields) f), before);
  end if;

  shape := audit.shape_now(tracked, source);
  if cardinality(shape.key) = 0 then
    raise exception 'audit.restore_sql: %.% has no primary key', tracked.schema_name, tracked.table_name
      using errcode = 'feature_not_supported', hint = 'Read before and after in audit.report, and write the statement by hand.';
  end if;
  select string_agg(format('present.%1$I = known.%1$I', k), ' and ') into key_is from unnest(shape.key) k;
  if event.action = 'i' then
    return format('delete from %1$s present using jsonb_populate_record(null::%1$s, %2$L) known where %3$s;',
      target, after, key_is);
  end if;
  if fields is null then
    return format('-- Only values that are never stored were changed in %s; nothing can be given back.', target);
  end if;
  return format('update %1$s present set %2$s from jsonb_populate_record(null::%1$s, %3$L) before, '
                'jsonb_populate_record(null::%1$s, %4$L) known where %5$s;',
    target, (select string_agg(format('%1$I = before.%1$I', f), ', ') from unnest(fields) f), before, after, key_is);
end
$$;

comment on function audit.restore_sql(bigint) is
  'The statement that would undo an event. Never runs it. Masked values cannot be given back. Errors: P0002 no such event, 22023 the event changed no row, 42704 table no longer tracked, 0A000 no primary key.';
grant execute on function audit.restore_sql(bigint) to audit_reader, audit_web, audit_admin;
