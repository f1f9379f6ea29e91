-- How many events of each category in each day, week or month of the reader's zone: each quarter of an hour, by which
-- clocks of zones differ, is put into its day once.
select (date_trunc(%(unit)s, q.began, %(zone)s) at time zone %(zone)s)::date as day, q.category, sum(q.events)::bigint
from (
  select date_bin('15 minutes', r.occurred_at, '2000-01-01 00:00:00+00') as began, r.category, sum(r.events) as events
  from {counted} r
  where {conditions}
  group by 1, 2
) q
group by 1, 2
