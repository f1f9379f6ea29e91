set local role audit_owner;

create or replace function audit.track(
  "table"  regclass,
  entity   text    default null,
  label    text[]  default null,
  exclude  text[]  default null,
  mask     text[]  default null,
  parent   text    default null,
  baseline boolean default false
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  class   pg_class;
  wanted  audit.tracked;
  known   audit.tracked;
  key     text[];
  missing text[];
  hidden  text[];
  columns text[];
  other   text;
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

  if exists (select from pg_partition_tree("table") p join pg_class c on c.oid = p.relid where c.relkind = 'f') then
    raise exception 'audit.track: a partition of % is a foreign table', "table"
      using errcode = 'wrong_object_type',
            detail = 'What its own server does to its rows would go unrecorded.',
            hint = 'Track the rows where they are kept, or take the partition out: alter table … detach partition …';
  end if;

  -- What is not given stays as it is: the cure for a lost trigger must not take a mask away.
  select * into known from audit.tracked t where audit.tracked_relation(t.tracked_id) = "table";
  wanted.schema_name := (select nspname from pg_namespace where oid = class.relnamespace);
  wanted.table_name := class.relname;
  wanted.entity := coalesce(entity, known.entity, lower(class.relname));
  -- A label that lost a column goes on with the others. Not so a mask: who renamed the column must say.
  wanted.label := coalesce(label, array(
    select l.name from unnest(known.label) with ordinality l(name, place)
    join audit.columns_of("table") c on c.name = l.name order by l.place));
  wanted.exclude := coalesce(exclude, known.exclude, '{}');
  wanted.mask := coalesce(mask, known.mask, '{}');
  wanted.parent := nullif(coalesce(parent, known.parent), '');
  select format('%I.%I', t.schema_name, t.table_name) into other
  from audit.tracked t
  where wanted.entity is distinct from known.entity and t.entity = wanted.entity
    and t.parent is null and wanted.parent is null and audit.tracked_relation(t.tracked_id) <> "table"
  limit 1;

  if wanted.entity !~ '^[a-z][a-z0-9_]{0,62}$' then
    raise exception 'audit.track: entity "%" is not a plain name', wanted.entity
      using errcode = 'invalid_parameter_value',
            detail = 'The report and its addresses use it: lower-case letters, digits and _, at most 63, a letter first.',
            hint = format('Name the kind of record: select audit.track(%L, entity => ''contact'').', "table"::text);
  end if;

  select
    array_agg(c.name order by c.number),
    coalesce(array_agg(c.name) filter (where c.name <> all (wanted.exclude || wanted.mask)), '{}'),
    coalesce(array_agg(c.number) filter (where c.name = any (wanted.exclude || wanted.mask)), '{}'),
    coalesce(max(c.number), 0)
  into columns, wanted.visible, wanted.hidden, wanted.newest
  from audit.columns_of("table") c;
  wanted.by_statement := audit.captures_by_statement(wanted, "table");
  select array_agg(c) into missing
  from unnest(wanted.label || wanted.exclude || wanted.mask || array_remove(array[wanted.parent], null)) c
  where c is null or c <> all (columns);
  if missing is not null then
    raise exception 'audit.track: % has no column "%"', "table", missing[1]
      using errcode = 'undefined_column',
            detail = format('Its columns: %s.', array_to_string(columns, ', ')),
            hint = 'Spell column names as they are stored, without quotes.';
  end if;

  -- Nor may another column that has taken a hidden one's name take its mask away.
  if mask is null and exclude is null then
    select array_agg(c.name) into hidden
    from audit.columns_of("table") c
    where c.number = any (known.hidden) and c.name = any (wanted.visible);
    if hidden is not null then
      raise exception 'audit.track: column "%" of % was hidden under another name', hidden[1], "table"
        using errcode = 'invalid_parameter_value',
              detail = 'What is not given stays as it is, and would show it.',
              hint = 'Name the columns to hide: mask => …, exclude => …';
    end if;
  end if;

  known := wanted;
  known.exclude := '{}';
  known.mask := '{}';
  key := (audit.shape_now(known, "table")).key;
  select array_agg(c) into hidden
  from unnest(wanted.label || key || array_remove(array[wanted.parent], null)) c
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
            detail = 'exclude: nothing is stored. mask: that it changed is stored, its value is not.',
            hint = format('Choose one, for example: select audit.track(%L, mask => %L).', "table"::text,
                          array(select unnest(wanted.mask) except select unnest(wanted.exclude))::text);
  end if;

  if other is not null then
    raise warning 'audit.track: rows of % are known as %, too', other, wanted.entity
      using detail = 'To the report, a row of each with the same key is one record.',
            hint = format('Unless their keys differ, name another kind of record: select audit.track(%L, entity => %L).',
                          "table"::text, lower(class.relname));
  end if;

  perform audit.let_owner_read("table");
  perform audit.generate_capture(wanted, "table");
  perform audit.set_triggers("table");
  perform audit.finish_tracking("table");
  if baseline then
    perform audit.record_baseline("table");
  end if;
end
$$;

comment on function audit.track(regclass, text, text[], text[], text[], text, boolean) is
  'Starts capture on a table, or changes how: what is not given stays as it is, an empty array (for parent an empty text) takes it away. entity: the kind of record (default: the table''s name); label: columns that name it; exclude: columns never stored; mask: columns of which only the change is stored; parent: column with the key of the record that a row belongs to; baseline: records the rows of today. Needs audit_admin and ownership of the table; its lock SHARE ROW EXCLUSIVE (ACCESS EXCLUSIVE where triggers go) blocks writers until the transaction ends. Warns when another table without a parent is the same kind of record. Errors: 42809 not an ordinary table, 42703 no such column, 22023 bad entity or a hidden key.';
grant execute on function audit.track(regclass, text, text[], text[], text[], text, boolean) to audit_admin;
