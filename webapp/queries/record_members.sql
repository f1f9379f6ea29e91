-- The rows that belonged to a record at a moment, such as the members of a group: of each row its last event.
with touched as materialized (
  select r.*, t.parent, k.key
  from (
    select r.occurred_at, r.event_id
    from {found} r
    where {conditions} and {place} and r.action in ('insert', 'update', 'delete', 'truncate', 'baseline')
      -- Not joined: events are read in their order until there are enough.
      and r.shape_id = any (array(
        select s.shape_id from audit.shapes s
        join audit.tracked t on t.schema_name = s.schema_name and t.table_name = s.table_name
        where t.parent is not null))
    order by r.occurred_at desc, r.event_id desc
    limit %(limit)s
  ) f
  cross join lateral (
    select r.* from audit.events r where r.occurred_at = f.occurred_at and r.event_id = f.event_id offset 0) r
  join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
  join audit.shapes k on k.shape_id = t.shape_id
), last as (
  select distinct on (r.schema_name, r.table_name, e.key) r.*, e.there
  from touched r
  cross join lateral (
    -- A row that was given to another record is no longer there.
    select i.there and i.image ->> r.parent = r.record_id as there,
           coalesce((select jsonb_object_agg(k, i.image -> k) from unnest(r.key) k), i.image) as key
    from (values (r.after, true), (r.before, false)) i(image, there)
    where i.image is not null) e
  order by r.schema_name, r.table_name, e.key, r.occurred_at desc, r.event_id desc, e.there desc
)
select
{in_brief.sql},
  null::jsonb as changes
from last r
join audit.tracked t on t.schema_name = r.schema_name and t.table_name = r.table_name
where r.there
order by r.table_name, r.occurred_at desc, r.event_id desc
