-- Who made how many events: by the day while a day of audit.actor_days is asked for in whole, else each by itself. Of
-- such a day nothing but that it was asked for matters, and the planner shall know how many there are.
(
  select {start} as occurred_at, a.category, a.action, a.actor_id, a.actor_name, a.db_user,
    null::timestamptz as imported_at, a.events
  from audit.actor_days a where a.day >= {first} and a.day < {after}
  union all
  select r.occurred_at, r.category, r.action, r.actor_id, r.actor_name, r.db_user, r.imported_at, 1 from audit.search r
  where r.occurred_at >= {start} and r.occurred_at < {first}::timestamp at time zone 'UTC'
  union all
  select r.occurred_at, r.category, r.action, r.actor_id, r.actor_name, r.db_user, r.imported_at, 1 from audit.search r
  where r.occurred_at >= {after}::timestamp at time zone 'UTC' and r.occurred_at < {end}
  union all
  select r.occurred_at, r.category, r.action, r.actor_id, r.actor_name, r.db_user, r.imported_at, 1 from {unfound} r
)
