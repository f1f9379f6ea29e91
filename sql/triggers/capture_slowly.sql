set local role audit_owner;

create or replace function audit.capture_slowly(
  tracked_id integer, action "char", was record, is_now record, moved_from bigint default null, known_key text default null
) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
-- The trigger function has only been made for the columns that there were.
set timezone = 'UTC' set datestyle = 'ISO, YMD' set intervalstyle = 'iso_8601'
set bytea_output = 'hex' set extra_float_digits = 1 set lc_monetary = 'C' set quote_all_identifiers = off
as $$
declare
  tracked audit.tracked;
  source  regclass := audit.tracked_relation(tracked_id);
  shape   audit.shapes;
  key     text;
  new_key text;
  old_row text;
  new_row text;
  written bigint;
begin
  select * into strict tracked from audit.tracked t where t.tracked_id = capture_slowly.tracked_id;
  shape := audit.shape_now(tracked, source);
  shape.shape_id := audit.find_shape(shape);
  execute format('select %s, %s, %s, %s from %s was, %s is_now',
                 audit.key_sql(shape, 'was'), audit.key_sql(shape, 'is_now'),
                 audit.large_sql(shape, 'was', 'was'), audit.large_sql(shape, 'is_now', 'was'),
                 coalesce(audit.whole_sql(source, '$1'), '(select ($1).*)'), coalesce(audit.whole_sql(source, '$2'), '(select ($2).*)'))
    into key, new_key, old_row, new_row using was, is_now;
  if action = 'i' then
    old_row := null;
  elsif action = 'd' then
    new_row := null;
  elsif old_row = new_row then  -- only excluded columns changed
    return null;
  elsif shape.parent is null and key <> new_key then
    action := 'k';
  end if;
  insert into audit.log (shape_id, action, record_id, old_row, new_row, moved_from)
  values (shape.shape_id, action, coalesce(known_key, key), old_row, new_row, capture_slowly.moved_from)
  returning event_id into written;
  return written;
end
$$;

comment on function audit.capture_slowly(integer, "char", record, record, bigint, text) is
  'Captures one row of a table whose columns have changed since capture was generated, by looking them up; returns its event. An insert passes the new row twice, a delete the old one; a row that has moved here, what audit.moved_from() says of it.';
