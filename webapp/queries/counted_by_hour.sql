-- How many events there are of what audit.activity tells apart; of the newest ones, each by itself.
(
  select a.hour as occurred_at, a.category, a.action, a.entity, a.events from audit.activity a
  union all
  select r.occurred_at, r.category, r.action, r.entity, 1 from {unfound} r
)
