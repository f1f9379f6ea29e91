-- Where events are looked for: in audit.search, and those that it does not hold yet in the log.
(
  select
    s.event_id, s.occurred_at, s.xact_id, s.imported_at, s.category, s.action, s.entity, s.record_id, s.actor_id, s.actor_name, s.db_user,
    s.application, s.client_addr, s.request_id, s.changed_fields, s.words, s.claimed_addr, s.shape_id
  from {searched} s
  union all
  select
    n.event_id, n.occurred_at, n.xact_id, n.imported_at, n.category, n.action, n.entity, n.record_id, n.actor_id, n.actor_name, n.db_user,
    n.application, n.client_addr, n.request_id, n.changed_fields, n.words, n.claimed_addr, n.shape_id
  from {unfound} n
)
