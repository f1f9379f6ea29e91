-- From where, with what, and by which login a person came: of so many of the newest events.
select e.address, e.application, e.db_user, count(*) as events, max(e.occurred_at) as last_at
from (
  select coalesce(r.claimed_addr, host(r.client_addr)) as address, r.application, r.db_user, r.occurred_at
  from {found} r where {conditions} and r.imported_at is null
  order by r.occurred_at desc limit %(newest)s
) e
group by 1, 2, 3
order by count(*) desc, max(e.occurred_at) desc
limit %(limit)s
