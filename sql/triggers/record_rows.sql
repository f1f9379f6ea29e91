set local role audit_owner;

create or replace function audit.record_rows(tracked audit.tracked, action "char", source regclass) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  shape    audit.shapes := audit.shape_now(tracked, audit.tracked_relation(tracked.tracked_id));
  recorded bigint;
begin
  shape.shape_id := audit.find_shape(shape);
  execute format(
    'insert into audit.log (shape_id, action, record_id, %I) select %s, %L, %s, case when pg_column_size(present.*) > 8192 '
    'then %s else %s end from %s',
    case action when 't' then 'old_row' else 'new_row' end, shape.shape_id, action, audit.key_sql(shape, 'present'),
    audit.large_sql(shape, 'present', 'present'), audit.stored_sql(shape, 'present', 'present'),
    case when has_table_privilege(source, 'select') then format('only %s present', source)
      -- A partition that is younger than its capture: only the root may be read.
      else format('%s present where present.tableoid = %s', audit.tracked_relation(tracked.tracked_id), source::oid) end);
  get diagnostics recorded = row_count;
  return recorded;
end
$$;

comment on function audit.record_rows(audit.tracked, "char", regclass) is
  'Records every row that one table or partition holds now: t, as removed by TRUNCATE; b, as a baseline. Returns how many.';
