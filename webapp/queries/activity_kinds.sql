-- What was done to what, and how often.
select r.category, r.action, sum(r.events)::bigint
from {counted} r
where {conditions}
group by 1, 2
order by 3 desc, 1, 2
