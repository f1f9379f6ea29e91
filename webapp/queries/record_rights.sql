-- What was granted to a user or taken away: rows that belong to the user, and changes of some columns.
select r.event_id
from {found} r
join audit.shapes s on s.shape_id = r.shape_id
left join audit.tracked t on t.schema_name = s.schema_name and t.table_name = s.table_name
where {conditions} and (t.parent is not null or r.action <> 'update' or r.changed_fields && %(rights)s::text[])
order by r.occurred_at desc, r.event_id desc
limit %(limit)s
