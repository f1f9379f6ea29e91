set local role audit_owner;

create or replace function audit.rows_as_of("table" regclass, at timestamptz) returns setof jsonb
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table("table");
  shape   audit.shapes  := audit.shape_now(tracked, "table");
  key_of  text;
begin
  if cardinality(shape.key) = 0 then
    raise exception 'audit.as_of: %.% has no primary key', tracked.schema_name, tracked.table_name
      using errcode = 'feature_not_supported',
            hint = 'Read its events in audit.report instead.';
  end if;
  select string_agg(format('image -> %L', k), ', ') into key_of from unnest(shape.key) k;
  -- Under an older name of a key column, that row's own key tells which row it is.
  key_of := format('case when key is null or image ?& %L::text[] then jsonb_build_array(%s) '
                   'else (select jsonb_agg(image -> k order by place) from unnest(key) with ordinality u(k, place)) end', shape.key, key_of);

  -- The last event under each record_id tells what became of it, and only that one is read. An update is two statements about a row:
  -- what it was is gone, what it is stands. So a changed key needs no special case.
  return query execute format($query$
    with told as (
      select l.event_id, l.occurred_at, l.shape_id, l.action, l.record_id, l.old_row, l.new_row, s.masked, s.key,
        -- Here record_id does not tell one row from another, or not all that happened to it.
        s.parent is not null or s.parted or l.imported_at is not null as each
      from audit.log l
      join audit.shapes s on s.shape_id = l.shape_id
      where (s.tracked_id = $1 or s.tracked_id is null and s.schema_name = $3 and s.table_name = $4)
        and l.occurred_at <= $2 and l.action in ('i', 'u', 'k', 'd', 't', 'b')
    ), last as (
      (select distinct on (record_id) * from told where not each
       order by record_id, occurred_at desc, event_id desc)
      union all
      select * from told where each or action = 'k'
    ), images as (
      select occurred_at, event_id, key, false as stands, audit.known_fields(shape_id, masked, old_row) as image from last
      where old_row is not null and (each or action in ('d', 't', 'k'))
      union all
      select occurred_at, event_id, key, true, audit.known_fields(shape_id, masked, new_row) from last where new_row is not null
    ), latest as (
      select distinct on (%1$s) image, stands
      from images
      order by %1$s, occurred_at desc, event_id desc, stands desc
    )
    select image - $5 from latest where stands
    $query$, key_of)
  using tracked.tracked_id, at, tracked.schema_name, tracked.table_name, tracked.mask || tracked.exclude;
end
$$;

comment on function audit.rows_as_of(regclass, timestamptz) is
  'The rows of a tracked table as they stood, as JSON objects. The inside of audit.as_of().';
grant execute on function audit.rows_as_of(regclass, timestamptz) to audit_reader, audit_admin;
