-- What was granted to a user r or taken away: rows that belong to the user, and changes of some columns.
(r.action <> 'update' or r.changed_fields && %(rights)s::text[]
  or r.shape_id = any (array(
    select s.shape_id from audit.shapes s
    join audit.tracked t on t.schema_name = s.schema_name and t.table_name = s.table_name
    where t.parent is not null)))
