set local role audit_owner;

create or replace function audit.restore_sql(event_id bigint) returns text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  event   audit.log;
  shape   audit.shapes;
  today   audit.shapes;
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
  if event.old_row is null and event.new_row is null then
    raise exception 'audit.restore_sql: event % was erased, and nobody has its values any more', event_id
      using errcode = 'object_not_in_prerequisite_state', hint = 'Its context says by which request: auditlog erase --list.';
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
  today := audit.shape_now(tracked, source);
  select
    audit.renamed(coalesce(audit.known_fields(event.shape_id, shape.masked, event.old_row, shape.made_of is distinct from today.made_of), '{}'), since.names) - tracked.mask - tracked.exclude,
    audit.renamed(coalesce(audit.known_fields(event.shape_id, shape.masked, event.new_row, shape.made_of is distinct from today.made_of), '{}'), since.names) - tracked.mask - tracked.exclude
  into before, after
  from audit.columns_since(shape, today, event.occurred_at) since;
  select array_agg(a.attname::text order by a.attnum) into fields
  from pg_attribute a
  where a.attrelid = source and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and before ? a.attname
    and (event.action not in ('u', 'k') or (before -> a.attname)::text is distinct from (after -> a.attname)::text);

  if event.action in ('d', 't') then
    return format('insert into %s (%s) overriding system value values (%s);', target,
      (select string_agg(quote_ident(f), ', ' order by place) from unnest(fields) with ordinality u(f, place)),
      (select string_agg(audit.value_sql(source, f, before -> f, event.imported_at is not null), ', ' order by place)
       from unnest(fields) with ordinality u(f, place)));
  end if;

  if cardinality(today.key) = 0 then
    raise exception 'audit.restore_sql: %.% has no primary key', tracked.schema_name, tracked.table_name
      using errcode = 'feature_not_supported', hint = 'Read before and after in audit.report, and write the statement by hand.';
  end if;
  select string_agg(format('%I = %s::%s', k, audit.value_sql(source, k, after -> k, event.imported_at is not null),
                           format_type(a.atttypid, null)), ' and ' order by place) into key_is
  from unnest(today.key) with ordinality u(k, place)
  join pg_attribute a on a.attrelid = source and a.attname = k;
  if event.action = 'i' then
    return format('delete from %s where %s;', target, key_is);
  end if;
  if fields is null then
    return format('-- Only values that are never stored were changed in %s; nothing can be given back.', target);
  end if;
  return format('update %s set %s where %s;', target,
    (select string_agg(format('%I = %s', f, audit.value_sql(source, f, before -> f, event.imported_at is not null)), ', ' order by place)
     from unnest(fields) with ordinality u(f, place)), key_is);
end
$$;

comment on function audit.restore_sql(bigint) is
  'The statement that would undo an event. Never runs it. Masked values cannot be given back. Errors: P0002 no such event, 22023 the event changed no row, 55000 it was erased, 42704 table no longer tracked, 0A000 no primary key.';
grant execute on function audit.restore_sql(bigint) to audit_reader, audit_web, audit_admin;
