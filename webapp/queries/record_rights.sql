-- What was granted to a user or taken away: rows that belong to the user, and changes of some columns.
select r.event_id
from {found} r
where {conditions} and (
  r.action <> 'update' or r.changed_fields && %(rights)s::text[]
  or r.shape_id = any (array(
    select s.shape_id from audit.shapes s
    join audit.tracked t on t.schema_name = s.schema_name and t.table_name = s.table_name
    where t.parent is not null)))
order by r.occurred_at desc, r.event_id desc
limit %(limit)s
