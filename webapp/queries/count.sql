-- The newest ones lie together, and no index is read through that begins with what is left out.
select count(*) from (
  select from {found} r where {conditions} order by r.occurred_at desc, r.event_id desc limit %(limit)s
) counted
