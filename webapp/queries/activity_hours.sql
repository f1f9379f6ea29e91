-- How many events in each hour of each weekday of the reader's zone; Monday is 1. Clocks of all zones differ by whole
-- quarters of an hour, and those are told apart much faster than the hours of a zone.
select extract(isodow from q.local)::int as weekday, extract(hour from q.local)::int as hour, sum(q.events)::bigint
from (
  select date_bin('15 minutes', r.occurred_at, '2000-01-01 00:00:00+00') at time zone %(zone)s as local, sum(r.events) as events
  from {counted} r
  where {conditions}
  group by date_bin('15 minutes', r.occurred_at, '2000-01-01 00:00:00+00')
) q
group by 1, 2
