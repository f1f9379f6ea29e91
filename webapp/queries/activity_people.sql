-- Who made most events: the person whom an application named, else the login. Nobody is the author of an import.
select r.actor_id, max(r.actor_name collate "C") as actor_name, case when r.actor_id is null then r.db_user end as db_user, sum(r.events)::bigint
from {counted} r
where {conditions} and (r.actor_id is not null or r.imported_at is null)
group by r.actor_id, case when r.actor_id is null then r.db_user end
order by 4 desc, 1, 3
limit %(limit)s
