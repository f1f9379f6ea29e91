-- When a person was first and last seen, each by one probe of the index.
select
  (select r.occurred_at from {found} r where {conditions} order by r.occurred_at limit 1) as first_at,
  (select r.occurred_at from {found} r where {conditions} order by r.occurred_at desc limit 1) as last_at,
  (select r.actor_name from {found} r where {conditions} and r.actor_name is not null order by r.occurred_at desc limit 1) as name
