-- Events that audit.search does not hold yet.
(
  select n.* from audit.searchable n
  where n.event_id > {low}
    and not exists (select from audit.search s where s.occurred_at = n.occurred_at and s.event_id = n.event_id)
)
