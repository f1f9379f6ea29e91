copy (
  -- Archived events, with those that came into the log for the same time: columns and options depend on the format.
  select {columns}
  from (
    select {names}, 'yes' as archived from {archived} r where {conditions}
    union all
    select {names}, null
    from (select r.occurred_at, r.event_id from {found} r where {beside}) f
    cross join lateral (
{whole_event.sql}
    ) r
  ) r
  order by r.occurred_at desc, r.event_id desc
) to stdout with ({options})
