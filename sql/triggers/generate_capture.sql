set local role audit_owner;

create or replace function audit.generate_capture(wanted audit.tracked) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $generate$
declare
  target  regclass := format('%I.%I', wanted.schema_name, wanted.table_name)::regclass;
  pins    text     := audit.session_pins(target);
  known   audit.tracked;
  details jsonb;
begin
  -- Several tables can have names that agree in their first 38 characters. With _truncate it is 62 bytes
  -- long at most: a longer name would be cut, and then be the name of another function.
  wanted.row_function := format('capture_%s_%s',
    left(regexp_replace(wanted.schema_name || '_' || wanted.table_name, '[^a-zA-Z0-9_]', '_', 'g'), 38),
    left(md5(target::text || '.' || wanted.schema_name), 6));
  wanted.truncate_function := wanted.row_function || '_truncate';
  wanted.columns := audit.columns_of(target);
  wanted.visible := array(
    select a.attname::text from pg_attribute a
    where a.attrelid = target and a.attnum > 0 and not a.attisdropped
      and a.attname <> all (wanted.exclude || wanted.mask)
    order by a.attnum);

  execute format($create$
create or replace function audit.%1$I() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp %2$s
as %3$L$create$,
    wanted.row_function, pins, format($body$
declare
  was     jsonb;
  is_now  jsonb;
  changed text[];
begin
  if tg_op = 'INSERT' then
    is_now := to_jsonb(new);
    insert into audit.events (entity, schema_name, table_name, record_id, record_label, action, after)
    values (%1$s, 'insert', %3$s);
  elsif tg_op = 'UPDATE' then
    if old *<> new then
      was := to_jsonb(old);
      is_now := to_jsonb(new);
      select array_agg(n.key order by n.key collate "C") into changed
      from jsonb_each(is_now) n
      where n.value::text is distinct from (was -> n.key)::text and n.key <> all (%5$L::text[]);
      if changed is not null then
        insert into audit.events (entity, schema_name, table_name, record_id, record_label, action, changed_fields, before, after)
        values (%6$s, 'update', changed, %4$s, %3$s);
      end if;
    end if;
  else
    was := to_jsonb(old);
    insert into audit.events (entity, schema_name, table_name, record_id, record_label, action, before)
    values (%2$s, 'delete', %4$s);
  end if;
  return null;
end
$body$,
      audit.row_sql(wanted, 'is_now', 'is_now'), audit.row_sql(wanted, 'was', 'was'),
      audit.redact_sql(wanted, 'is_now'), audit.redact_sql(wanted, 'was'), wanted.exclude,
      -- A record keeps the key it was known by, and is called what it is called now.
      audit.row_sql(wanted, 'was', 'is_now')));

  -- Rows that a policy hides must not vanish unrecorded: row_security = off turns hiding into an error.
  execute format($create$
create or replace function audit.%1$I() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp %2$s set row_security = off
as %3$L$create$,
    wanted.truncate_function, pins, format($body$
begin
  insert into audit.events (entity, schema_name, table_name, record_id, record_label, action, before)
  select %1$s, 'truncate', %2$s
  from (select to_jsonb(removed.*) as was from %3$s%4$s removed) rows;
  return null;
end
$body$,
      audit.row_sql(wanted, 'was', 'was'), audit.redact_sql(wanted, 'was'),
      -- Tables that inherit from it have triggers of their own; partitions have not.
      (select case when c.relkind = 'p' then '' else 'only ' end from pg_class c where c.oid = target), target));

  execute format('grant execute on function audit.%I(), audit.%I() to audit_admin',
                 wanted.row_function, wanted.truncate_function);
  wanted.row_checksum := audit.function_checksum(wanted.row_function);
  wanted.truncate_checksum := audit.function_checksum(wanted.truncate_function);

  select * into known from audit.tracked t
  where t.schema_name = wanted.schema_name and t.table_name = wanted.table_name;
  wanted.since := coalesce(known.since, clock_timestamp());
  if known is not distinct from wanted then
    return false;
  end if;

  delete from audit.tracked t where t.schema_name = wanted.schema_name and t.table_name = wanted.table_name;
  insert into audit.tracked select wanted.*;
  details := to_jsonb(wanted) - '{columns,visible,row_function,row_checksum,truncate_function,truncate_checksum,since}'::text[];
  perform audit.record_event(wanted.entity, 'configure', details => details || '{"did": "track"}');
  return true;
end
$generate$;

comment on function audit.generate_capture(audit.tracked) is
  'Writes the two capture functions of one table as static SQL and remembers them; false when nothing changed. The inside of audit.track().';
grant execute on function audit.generate_capture(audit.tracked) to audit_admin;
