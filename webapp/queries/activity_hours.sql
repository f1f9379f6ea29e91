-- How many events in each hour of each weekday of the reader's zone; Monday is 1.
select
  extract(isodow from r.occurred_at at time zone %(zone)s)::int as weekday,
  extract(hour from r.occurred_at at time zone %(zone)s)::int as hour,
  count(*)
from {found} r
where {conditions}
group by 1, 2
