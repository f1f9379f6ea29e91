-- What was done to what, and how often.
select r.category, r.action, count(*)
from {found} r
where {conditions}
group by 1, 2
order by count(*) desc, 1, 2
