set local role audit_owner;

-- Capture is on, and nobody is blocked: while the rows are read, writers go on. What keeps the log in order:
-- a row of which an event tells is left out, and what is recorded bears the time when capture began. So
-- whatever a writer does that this statement does not see yet comes later than its baseline.
create or replace function audit.record_older_rows("table" regclass) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'iso_8601'
set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C' set quote_all_identifiers = off
set row_security = off
as $$
declare
  tracked  audit.tracked := audit.tracked_table("table");
  shape    audit.shapes  := audit.shape_now(tracked, "table");
  recorded bigint;
begin
  if cardinality(shape.key) = 0 or shape.parent is not null then
    raise exception 'audit.record_older_rows: rows of %.% are not told apart by their record_id', tracked.schema_name, tracked.table_name
      using errcode = 'feature_not_supported',
            hint = format('Block writers instead: select audit.track(%L, baseline => true).', "table"::text);
  end if;
  shape.shape_id := audit.find_shape(shape);
  execute format($sql$
    with told as (
      select l.* from audit.log l
      where l.occurred_at >= $1 and l.shape_id in (select s.shape_id from audit.shapes s where s.tracked_id = $2)
    )
    insert into audit.log (occurred_at, shape_id, action, record_id, new_row)
    select $1, %1$s, 'b', %2$s, case when pg_column_size(present.*) > 8192 then %3$s else %4$s end
    from %5$s present
    where not exists (select from told where told.record_id = %2$s)
      and %6$s not in (  -- an event bears the old key: these are the new ones
        select %7$s from told, audit.row_fields(told.shape_id, told.new_row) fields
        where (told.action = 'k' or told.moved_from is not null) and fields is not null)
    $sql$,
    shape.shape_id, audit.key_sql(shape, 'present'), audit.large_sql(shape, 'present', 'present'),
    audit.stored_sql(shape, 'present', 'present'), case when shape.parted then '' else 'only ' end || "table"::text,
    audit.json_sql("table", 'present', shape.key),
    (select format('jsonb_build_object(%s)', string_agg(format('%1$L, fields -> %1$L', k), ', ')) from unnest(shape.key) k))
  using tracked.since, tracked.tracked_id;
  get diagnostics recorded = row_count;
  return recorded;
end
$$;

comment on function audit.record_older_rows(regclass) is
  'Records, as a baseline from when capture began, the rows of which no event tells; returns how many. Call it after audit.track() has been committed: it blocks nobody. Errors: 42704 not tracked, 0A000 no primary key, or rows that belong to a parent.';
grant execute on function audit.record_older_rows(regclass) to audit_admin;
