copy (
  -- A file of what the filters show; columns and options depend on its format.
  select {columns}
  from audit.report r
  where {conditions}
  order by r.occurred_at desc, r.event_id desc
) to stdout with ({options})
