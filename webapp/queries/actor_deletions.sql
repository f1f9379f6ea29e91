-- Transactions in which a person deleted many records of a kind at once.
select r.xact_id::text as transaction, r.entity, count(*) as events, max(r.occurred_at) as last_at
from audit.report r
where {conditions} and r.action in ('delete', 'truncate') and r.imported_at is null
group by r.xact_id, r.entity
having count(*) >= %(many)s
order by max(r.occurred_at) desc
limit %(limit)s
