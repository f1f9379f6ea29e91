-- Events that nobody has sealed: those that should have been, then how many are merely new.
select l.event_id, l.xact_id::text::bigint, coalesce(l.imported_at, l.occurred_at)
from audit.log l
where not exists (select from audit.leaves s where s.event_id = l.event_id)
order by l.xact_id, l.event_id
