-- The events of a month as the report shows them, with what was sealed of them, in the order of their leaves.
select
  f.leaf_index, f.salt, f.payload_commit,
  s.header, s.details, s.old_row, s.new_row, s.shape,
  s.event_id, r.occurred_at, r.category, r.action, r.entity, r.record_id, r.record_label, r.changed_fields,
  r.actor_id, r.actor_name, r.db_user, r.application, regexp_replace(r.client_addr::text, '/(32|128)$', '') as client_addr, r.request_id,
  r.schema_name, r.table_name, r.xact_id::text as xact_id,
  r.before::text as before, r.after::text as after, r.context::text as context, r.imported_at
from ({sealable}) s
join audit.leaves f on f.event_id = s.event_id
left join audit.report r on r.event_id = s.event_id and r.occurred_at >= %(since)s and r.occurred_at < %(until)s
where s.occurred_at >= %(since)s and s.occurred_at < %(until)s
order by f.leaf_index
