-- The deletes in other partitions that these events complete to updates.
select l.moved_from from audit.log l where l.event_id = any (%(event_ids)s) and l.moved_from is not null
