-- How many events in each hour of each weekday of the reader's zone; Monday is 1.
select extract(isodow from h.local)::int as weekday, extract(hour from h.local)::int as hour, sum(h.events)::bigint
from (
  select date_trunc('hour', r.occurred_at at time zone %(zone)s) as local, sum(r.events) as events
  from {counted} r
  where {conditions}
  group by 1
) h
group by 1, 2
