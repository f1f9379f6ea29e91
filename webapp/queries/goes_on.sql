-- How many more events of a transaction and person there are beside a page, up to a limit.
select count(*) from (
  select
  from {found} r
  where {conditions} and {place} and r.xact_id = %(xact_id)s::xid8 and r.actor_id is not distinct from %(actor_id)s
    and r.db_user = %(db_user)s and r.imported_at is null
  limit %(limit)s
) next
