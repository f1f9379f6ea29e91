copy (
  -- A file of what the filters show; columns and options depend on its format.
  select {columns}
  from (
    select r.occurred_at, r.event_id from {found} r where {conditions} order by r.occurred_at desc, r.event_id desc
  ) f
  cross join lateral (
{whole_event.sql}
  ) r
  {proofs}
) to stdout with ({options})
