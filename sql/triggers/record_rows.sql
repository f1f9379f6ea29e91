set local role audit_owner;

create or replace function audit.record_rows(tracked audit.tracked, action "char", source regclass, only_older boolean default false)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'iso_8601'
set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C' set quote_all_identifiers = off
-- Rows that a policy hides must not go unrecorded: off turns hiding into an error.
set row_security = off
as $$
declare
  root      regclass     := audit.tracked_relation(tracked.tracked_id);
  shape     audit.shapes := audit.shape_now(tracked, root);
  rows_of   text;
  condition text := 'true';
  recorded  bigint;
begin
  shape.shape_id := audit.find_shape(shape);
  if (select relkind from pg_class where oid = source) = 'p' then
    rows_of := source;
  elsif has_table_privilege(source, 'select') then
    rows_of := format('only %s', source);
  else  -- a partition that is younger than its capture: only the root may be read
    rows_of := root;
    condition := format('present.tableoid = %s', source::oid);
  end if;

  -- While the rows are read, writers go on. What keeps the log in order: a row of which an event tells is left
  -- out, and what is recorded bears the time when capture began. So whatever a writer does that this statement
  -- does not see yet comes later than its baseline.
  if only_older then
    condition := format($sql$
      not exists (select from told where told.record_id = %s)
      and not exists (  -- an event bears the old key: these are the new ones
        select from told, audit.row_fields(told.shape_id, told.new_row) fields
        where (told.action = 'k' or told.moved_from is not null) and %s = %s)$sql$,
      audit.key_sql(shape, 'present'), audit.json_sql(root, 'present', shape.key),
      (select format('jsonb_build_object(%s)', string_agg(format('%1$L, fields -> %1$L', k), ', ')) from unnest(shape.key) k));
  else
    perform audit.require_current_snapshot();
  end if;

  execute format($sql$
    with told as (
      select l.* from audit.log l
      where l.occurred_at >= $1 and l.shape_id in (select s.shape_id from audit.shapes s where s.tracked_id = $2)
    )
    insert into audit.log (occurred_at, shape_id, action, record_id, %I)
    select %s, %s, %L, %s, case when pg_column_size(present.*) > 8192 then %s else %s end
    from %s present where %s$sql$,
    case action when 't' then 'old_row' else 'new_row' end,
    case when only_older then '$1' else 'clock_timestamp()' end, shape.shape_id, action, audit.key_sql(shape, 'present'),
    audit.large_sql(shape, 'present', 'present'), audit.stored_sql(shape, 'present', 'present'), rows_of, condition)
  using tracked.since, tracked.tracked_id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$;

comment on function audit.record_rows(audit.tracked, "char", regclass, boolean) is
  'Records every row that a table or partition holds now: t, as removed by TRUNCATE; b, as a baseline. only_older: those of which no event tells, as from when capture began. Returns how many.';
