-- Transactions in which a person deleted many records of a kind at once: among so many of the newest deletions.
select e.xact_id::text as transaction, e.entity, count(*) as events, max(e.occurred_at) as last_at
from (
  select r.xact_id, r.entity, r.occurred_at
  from {found} r
  where {conditions} and r.action in ('delete', 'truncate') and r.imported_at is null
  order by r.occurred_at desc limit %(newest)s
) e
group by e.xact_id, e.entity
having count(*) >= %(many)s
order by max(e.occurred_at) desc
limit %(limit)s
