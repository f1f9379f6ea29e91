-- How many events of each category in each day, week or month of the reader's zone.
select (date_trunc(%(unit)s, r.occurred_at, %(zone)s) at time zone %(zone)s)::date as day, r.category, sum(r.events)::bigint
from {counted} r
where {conditions}
group by 1, 2
