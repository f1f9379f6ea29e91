set local role audit_owner;

create or replace function audit.track(
  "table"  regclass,
  entity   text    default null,
  label    text[]  default null,
  exclude  text[]  default '{}',
  mask     text[]  default '{}',
  parent   text    default null,
  baseline boolean default false
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  class   pg_class;
  wanted  audit.tracked;
  missing text[];
  hidden  text[];
  columns text[];
begin
  if "table" is null then
    raise exception 'audit.track: no table given'
      using errcode = 'null_value_not_allowed', hint = 'Call it as: select audit.track(''public.contacts'').';
  end if;
  select * into strict class from pg_class where oid = "table";
  if class.relkind not in ('r', 'p') or class.relpersistence = 't' or class.relispartition
     or class.relnamespace in ('audit'::regnamespace, 'pg_catalog'::regnamespace) then
    raise exception 'audit.track: % cannot be tracked', "table"
      using errcode = 'wrong_object_type',
            detail = case
              when class.relispartition then 'It is a partition.'
              when class.relpersistence = 't' then 'It is a temporary table.'
              when class.relkind in ('r', 'p') then 'It belongs to the audit log or to the system.'
              else 'It is not a table.' end,
            hint = case when class.relispartition
              then 'Track the partitioned table: every partition, present and future, comes with it.'
              else 'Track an ordinary or a partitioned table.' end;
  end if;

  -- One at a time: two calls would make the same functions.
  perform pg_advisory_xact_lock(hashtextextended('audit.track', 0));

  wanted.schema_name := (select nspname from pg_namespace where oid = class.relnamespace);
  wanted.table_name := class.relname;
  wanted.entity := coalesce(entity, lower(class.relname));
  wanted.label := coalesce(label, '{}');
  wanted.exclude := coalesce(exclude, '{}');
  wanted.mask := coalesce(mask, '{}');
  wanted.parent := parent;
  wanted.key := coalesce((
    select array_agg(a.attname::text order by k.place)
    from pg_index i
    cross join unnest(i.indkey::int2[]) with ordinality k(attnum, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
    where i.indrelid = "table" and i.indisprimary and k.place <= i.indnkeyatts), '{}');

  if wanted.entity !~ '^[a-z][a-z0-9_]{0,62}$' then
    raise exception 'audit.track: entity "%" is not a plain name', wanted.entity
      using errcode = 'invalid_parameter_value',
            detail = 'The report and its addresses use it: lower-case letters, digits and _, at most 63, a letter first.',
            hint = format('Name the kind of record: select audit.track(%L, entity => ''contact'').', "table"::text);
  end if;

  select array_agg(a.attname::text order by a.attnum) into columns
  from pg_attribute a where a.attrelid = "table" and a.attnum > 0 and not a.attisdropped;
  select array_agg(c) into missing
  from unnest(wanted.label || wanted.exclude || wanted.mask || array_remove(array[parent], null)) c
  where c is null or c <> all (columns);
  if missing is not null then
    raise exception 'audit.track: % has no column "%"', "table", missing[1]
      using errcode = 'undefined_column',
            detail = format('Its columns: %s.', array_to_string(columns, ', ')),
            hint = 'Spell column names as they are stored, without quotes.';
  end if;

  select array_agg(c) into hidden
  from unnest(wanted.label || wanted.key || array_remove(array[parent], null)) c
  where c = any (wanted.exclude || wanted.mask);
  if hidden is not null then
    raise exception 'audit.track: column "%" of % cannot be both hidden and used as key, label or parent', hidden[1], "table"
      using errcode = 'invalid_parameter_value',
            detail = 'Key, label and parent are stored in every event in the clear.',
            hint = 'Take the column out of mask and exclude, or choose another label.';
  end if;
  if wanted.exclude && wanted.mask then
    raise exception 'audit.track: a column of % is both excluded and masked', "table"
      using errcode = 'invalid_parameter_value',
            hint = 'exclude: nothing is stored. mask: that it changed is stored, its value is not. Choose one.';
  end if;

  -- TRUNCATE, baselines and export tickets read the table as audit_owner.
  if not has_schema_privilege('audit_owner', class.relnamespace, 'usage') then
    execute format('grant usage on schema %I to audit_owner', wanted.schema_name);
  end if;
  if not has_table_privilege('audit_owner', "table", 'select') then
    execute format('grant select on %s to audit_owner', "table");
  end if;

  perform audit.generate_capture(wanted);
  select * into strict wanted from audit.tracked t
  where t.schema_name = wanted.schema_name and t.table_name = wanted.table_name;

  execute format('create or replace trigger audit_capture after insert or update or delete on %s '
                 'for each row execute function audit.%I()', "table", wanted.row_function);
  execute format('alter table %s enable always trigger audit_capture', "table");
  execute format('create or replace trigger audit_capture_truncate before truncate on %s '
                 'for each statement execute function audit.%I()', "table", wanted.truncate_function);
  execute format('alter table %s enable always trigger audit_capture_truncate', "table");

  if baseline then
    perform audit.record_baseline("table");
  end if;
end
$$;

comment on function audit.track(regclass, text, text[], text[], text[], text, boolean) is
  'Starts capture on a table, or changes how. entity: the kind of record (default: the table''s name); label: columns that name it; exclude: columns never stored; mask: columns of which only the change is stored; parent: column with the key of the record that a row belongs to; baseline: records the rows of today. Needs audit_admin and ownership of the table; blocks writers to it until the transaction ends. Errors: 42809 not an ordinary table, 42703 no such column, 22023 bad entity or a hidden key.';
grant execute on function audit.track(regclass, text, text[], text[], text[], text, boolean) to audit_admin;
