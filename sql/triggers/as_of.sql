set local role audit_owner;

create or replace function audit.as_of(rowtype anyelement, at timestamptz) returns setof anyelement
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  tracked audit.tracked := audit.tracked_table(
    (select c.oid from pg_class c where c.reltype = pg_typeof(rowtype)));
  key_of  text;
begin
  -- Runs as its caller, who reads audit.report anyway: a domain's check in the row type is not the owner's to run.
  if cardinality(tracked.key) = 0 then
    raise exception 'audit.as_of: %.% has no primary key', tracked.schema_name, tracked.table_name
      using errcode = 'feature_not_supported',
            hint = 'Read its events in audit.report instead.';
  end if;
  select string_agg(format('image -> %L', k), ', ') into key_of from unnest(tracked.key) k;

  -- An update is two statements about a row: what it was is gone, what it is stands. So a changed
  -- key needs no special case.
  return query execute format($query$
    with images as (
      select e.occurred_at, e.event_id, false as stands, e.before as image from audit.report e
      where e.schema_name = $3 and e.table_name = $4 and e.occurred_at <= $2 and e.before is not null
      union all
      select e.occurred_at, e.event_id, true, e.after from audit.report e
      where e.schema_name = $3 and e.table_name = $4 and e.occurred_at <= $2 and e.after is not null
    ), latest as (
      select distinct on (jsonb_build_array(%1$s)) image, stands
      from images
      order by jsonb_build_array(%1$s), occurred_at desc, event_id desc, stands desc
    )
    select (jsonb_populate_record($1, image - $5 - array(
      select p.key from jsonb_each(image) p where p.value = '{"$masked": true}'))).*
    from latest where stands
    $query$, key_of)
  using rowtype, at, tracked.schema_name, tracked.table_name, tracked.mask;
end
$$;

comment on function audit.as_of(anyelement, timestamptz) is
  'A tracked table as it stood: select * from audit.as_of(null::contacts, ''2026-11-01''). Masked columns are null; rows older than capture are there only with a baseline. Errors: 42704 not tracked, 0A000 no primary key.';
grant select on audit.report to audit_admin;
grant execute on function audit.as_of(anyelement, timestamptz) to audit_reader, audit_admin;
