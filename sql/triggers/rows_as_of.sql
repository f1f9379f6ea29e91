set local role audit_owner;

create or replace function audit.rows_as_of("table" regclass, at timestamptz) returns table (fields jsonb, as_json boolean)
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
  perform audit.require_kept(tracked.schema_name, tracked.table_name, at);
  select string_agg(format('image ->> %L', k), ', ') into key_of from unnest(shape.key) k;
  -- As texts: an imported row has a number where a captured one has its text.
  -- Where a key column had another name, that row's own key tells which row it is.
  key_of := format('case when key is null or image ?& %L::text[] then jsonb_build_array(%s) '
                   'else (select jsonb_agg(known ->> k order by place) from unnest(key) with ordinality u(k, place)) end', shape.key, key_of);

  -- What became of a row is told by the last transaction that wrote to it, and only its events are read. An update is two
  -- statements about a row: what it was is gone, what it is stands. So a changed key needs no special case. Within a
  -- transaction they are added up, image by image: a trigger, or a key that is checked later, may change their order.
  return query execute format($query$
    with shapes as materialized (
      select s.shape_id, s.masked, s.key, s.parent is not null or s.parted as each, since.*,
        coalesce(s.made_of <> ($6).made_of, s.made_of is not null) as changed
      from audit.shapes s cross join lateral audit.columns_since(s, $6, $2) since
      where s.tracked_id = $1 or s.tracked_id is null and s.schema_name = $3 and s.table_name = $4
    ), told as (
      select l.event_id, l.occurred_at, l.xact_id, l.shape_id, l.action, l.record_id, l.old_row, l.new_row,
        s.masked, s.key, s.names, s.added, s.changed, l.imported_at is not null or s.changed as as_json,
        -- Here record_id does not tell one row from another, or not all that happened to it.
        s.each or l.imported_at is not null or $7 as each
      from audit.log l
      join shapes s on s.shape_id = l.shape_id
      where l.occurred_at <= $2 and l.action in ('i', 'u', 'k', 'd', 't', 'b')
        and (l.old_row is not null or l.new_row is not null)  -- an erased one tells nothing
    ), ranked as (
      select *, first_value(xact_id) over w as last_xact, lead(xact_id) over w = xact_id or lag(xact_id) over w = xact_id as several,
        action <> 'k' and lead(xact_id) over w <> xact_id and lead(action) over w in ('i', 'u', 'b') as stood
      from told where not each
      window w as (partition by record_id order by occurred_at desc, event_id desc)
    ), last as (
      select * from ranked where xact_id = last_xact or action = 'k'
      union all
      select *, xact_id, true, null from told where each
    ), read as (
      select last.*, false as stands, audit.known_fields(shape_id, masked, old_row, changed) as known from last
      where old_row is not null and (several or action in ('d', 't', 'k'))
      union all
      select last.*, true, audit.known_fields(shape_id, masked, new_row, changed) from last where new_row is not null
    ), images as (
      select read.*, coalesce(added, '{}') || audit.renamed(known, names) as image from read
    ), sums as (
      select %1$s as id, xact_id, image, as_json, max(occurred_at) as at, max(event_id) as event_id,
        -- A baseline tells of no change.
        sum(case when not stands then -1 when action <> 'b' then 1 else 0 end) as sum,
        (array_agg(stands order by occurred_at desc, event_id desc, stands desc))[1] as stands,
        bool_or(stood) as stood, bool_or(each) as each
      from images
      group by 1, 2, 3, 4
    ), latest as (
      select distinct on (id) image, as_json, stands
      from (
        select id, image, as_json, sum, at, event_id, each, max(at) over w as written,
          -- It stood before, and is not gone: one statement has deleted it and inserted it again, in whatever order that was told.
          sum > 0 or sum = 0 and (stands or bool_or(stood) over w and min(sum) over w = 0 and not bool_or(sum > 0 or stands) over w) as stands
        from sums window w as (partition by id, xact_id)
      ) s
      -- What came and went changes nothing. Where it is the last that is known of a row, of older events just the changed keys are read.
      where sum <> 0 or stands or not each
      order by id, written desc, stands desc, sign(sum) desc, at desc, event_id desc
    )
    select image - $5, as_json from latest where stands
    $query$, key_of)
  using tracked.tracked_id, at, tracked.schema_name, tracked.table_name, tracked.mask || tracked.exclude, shape,
    (select not i.indimmediate from pg_index i where i.indrelid = "table" and i.indisprimary);
end
$$;

comment on function audit.rows_as_of(regclass, timestamptz) is
  'The rows of a tracked table as they stood, each as a JSON object with the text of every value; as_json: with JSON for arrays and composite values, in imported rows and in those of a type that has other attributes by now. The inside of audit.as_of(), and what to read where a value no longer fits its column. Errors: 42704 not tracked, 0A000 no primary key, 55000 events that it takes are in an archive.';
grant execute on function audit.rows_as_of(regclass, timestamptz) to audit_reader, audit_admin;
