-- How many of the next events belong to the same transaction and person.
select count(*) from (
  select r.xact_id, r.actor_id, r.db_user, r.imported_at
  from {found} r
  where {conditions} and {place}
  order by r.occurred_at {direction}, r.event_id {direction}
  limit %(limit)s
) next
where next.xact_id = %(xact_id)s::xid8 and next.actor_id is not distinct from %(actor_id)s
  and next.db_user = %(db_user)s and next.imported_at is null
