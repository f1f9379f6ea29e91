set local role audit_owner;

create or replace function audit.shape_now(tracked audit.tracked, "table" regclass) returns audit.shapes
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  shape  audit.shapes;
  hidden text[];
  hiding boolean := cardinality(tracked.exclude || tracked.mask) > 0;
begin
  shape.tracked_id := tracked.tracked_id;
  shape.entity := tracked.entity;
  shape.label := tracked.label;
  shape.relation := "table";
  shape.made_of := audit.made_of("table");
  select n.nspname, c.relname, c.relkind = 'p' into shape.schema_name, shape.table_name, shape.parted
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = "table";
  select
    coalesce(array_agg(c.name order by c.number), '{}'),
    coalesce(array_agg(c.type::text order by c.number), '{}'),
    coalesce(array_agg(c.number order by c.number), '{}'),
    coalesce(array_agg(c.name order by c.number) filter (
      where hiding and (c.name = any (tracked.mask) or c.name <> all (tracked.visible)
        or c.number = any (tracked.hidden) or c.number > tracked.newest)), '{}')
  into shape.columns, shape.types, shape.numbers, shape.masked
  from audit.columns_of("table") c
  where c.name <> all (tracked.exclude);
  shape.key := coalesce((
    select array_agg(a.attname::text order by k.place)
    from pg_index i
    cross join unnest(i.indkey::smallint[]) with ordinality k(number, place)
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
    where i.indrelid = "table" and i.indisprimary and k.place <= i.indnkeyatts), '{}');
  -- Keys and parents are stored in the clear: not if the column has come to be a hidden one. Nor if it is gone.
  hidden := case when hiding then array(select c.name from audit.columns_of("table") c
    where c.name = any (tracked.exclude || tracked.mask) or c.number = any (tracked.hidden)) else '{}' end;
  if shape.key && hidden then
    shape.key := '{}';
  end if;
  -- A key column under a new name still tells rows apart, and stands in their record_id.
  shape.masked := array(select m.name from unnest(shape.masked) with ordinality m(name, place) where m.name <> all (shape.key) order by m.place);
  shape.parent := case when tracked.parent = any (shape.columns) and tracked.parent <> all (hidden) then tracked.parent end;
  return shape;
end
$$;

comment on function audit.shape_now(audit.tracked, regclass) is
  'How the rows of a tracked table are to be written as it stands now: a row of audit.shapes without its number.';
grant execute on function audit.shape_now(audit.tracked, regclass) to audit_admin;
